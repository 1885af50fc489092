const seed = 0x9747b28c
const m = 0x5bd1e995

/** MurmurHash2 of Kafka's Java client, 32 bits, over the UTF-8 bytes of the key. */
export function murmur2(key: string): number {
  const data = Buffer.from(key)
  let hash = seed ^ data.length
  const words = data.length >> 2
  for (let i = 0; i < words; i++) {
    let k = Math.imul(data.readInt32LE(i * 4), m)
    k ^= k >>> 24
    hash = Math.imul(hash, m) ^ Math.imul(k, m)
  }
  const tail = words * 4
  switch (data.length & 3) {
    // biome-ignore lint/suspicious/noFallthroughSwitchClause: the tail is defined by falling through
    case 3:
      hash ^= (data[tail + 2] as number) << 16
    // biome-ignore lint/suspicious/noFallthroughSwitchClause: as above
    case 2:
      hash ^= (data[tail + 1] as number) << 8
    case 1:
      hash = Math.imul(hash ^ (data[tail] as number), m)
  }
  hash = Math.imul(hash ^ (hash >>> 13), m)
  return (hash ^ (hash >>> 15)) | 0
}

/** The partition of a key, the same one that Kafka's own clients choose. */
export const partitionOf = (key: string, partitions: number): number =>
  (murmur2(key) & 0x7fffffff) % partitions
