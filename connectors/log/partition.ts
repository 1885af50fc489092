const seed = 0x9747b28c
const m = 0x5bd1e995

/** Keys up to this length are hashed without a buffer of their own: every record that is written is hashed. */
const ascii = new Uint8Array(256)

/** MurmurHash2 of Kafka's Java client, 32 bits, over the UTF-8 bytes of the key. */
export function murmur2(key: string): number {
  if (key.length > ascii.length) return hashOf(Buffer.from(key))
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i)
    if (unit > 0x7f) return hashOf(Buffer.from(key))
    ascii[i] = unit
  }
  return hashOf(ascii, key.length)
}

function hashOf(data: Uint8Array, length = data.length): number {
  const at = (index: number) => data[index] as number
  let hash = seed ^ length
  const tail = length & ~3
  for (let i = 0; i < tail; i += 4) {
    let k = Math.imul(at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24), m)
    k ^= k >>> 24
    hash = Math.imul(hash, m) ^ Math.imul(k, m)
  }
  switch (length & 3) {
    // biome-ignore lint/suspicious/noFallthroughSwitchClause: the tail is defined by falling through
    case 3:
      hash ^= at(tail + 2) << 16
    // biome-ignore lint/suspicious/noFallthroughSwitchClause: as above
    case 2:
      hash ^= at(tail + 1) << 8
    case 1:
      hash = Math.imul(hash ^ at(tail), m)
  }
  hash = Math.imul(hash ^ (hash >>> 13), m)
  return (hash ^ (hash >>> 15)) | 0
}

/** The partition of a key, the same one that Kafka's own clients choose. */
export const partitionOf = (key: string, partitions: number): number =>
  (murmur2(key) & 0x7fffffff) % partitions
