import type { Version } from '../store.ts'

/**
 * Both versions of a key in one value: when it expires, the two offsets, the two lengths, the two values.
 * A length of `none` stands for a version without a value.
 */
export interface Versions {
  readonly next: Version
  readonly previous: Version
}

/**
 * How long a deletion without a time-to-live is remembered, in milliseconds: after a crash, the version before
 * it must still be there. A week.
 */
export const deletedFor = 7 * 86_400_000

const headerBytes = 32
const none = 0xffffffff

/** @param expiry milliseconds since the epoch; infinite: never */
export function encodeVersions(next: Version, previous: Version, expiry: number): Buffer {
  const nextBytes = next.value?.length ?? 0
  const value = Buffer.allocUnsafe(headerBytes + nextBytes + (previous.value?.length ?? 0))
  value.writeDoubleLE(expiry, 0)
  value.writeDoubleLE(next.offset, 8)
  value.writeDoubleLE(previous.offset, 16)
  value.writeUInt32LE(next.value?.length ?? none, 24)
  value.writeUInt32LE(previous.value?.length ?? none, 28)
  if (next.value) value.set(next.value, headerBytes)
  if (previous.value) value.set(previous.value, headerBytes + nextBytes)
  return value
}

/** Views on the buffer. */
export function decodeVersions(value: Buffer): Versions {
  const nextLength = value.readUInt32LE(24)
  const previousLength = value.readUInt32LE(28)
  const nextEnd = headerBytes + (nextLength === none ? 0 : nextLength)
  return {
    next: {
      offset: value.readDoubleLE(8),
      value: nextLength === none ? undefined : value.subarray(headerBytes, nextEnd),
    },
    previous: {
      offset: value.readDoubleLE(16),
      value: previousLength === none ? undefined : value.subarray(nextEnd, nextEnd + previousLength),
    },
  }
}

export const expiryOf = (value: Buffer): number => value.readDoubleLE(0)
