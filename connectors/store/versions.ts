import type { Entry, Version } from './store.ts'

/**
 * Both versions of a key in one value: when it expires, the two offsets, the two lengths, the two values.
 * A length of `none` stands for a version without a value.
 */
interface Versions {
  readonly next: Version
  readonly previous: Version
}

/**
 * How long a deletion without a time-to-live is remembered, in milliseconds: after a crash, the version before
 * it must still be there. A week.
 */
const deletedFor = 7 * 86_400_000

const headerBytes = 32
const none = 0xffffffff
/** What a key without an entry has. */
export const noVersion: Version = { offset: -1, value: undefined }

/** How long an entry must be kept, in milliseconds from now; infinite: for ever. */
export const lifetimeOf = ({ next, expireAfterMs }: Entry): number =>
  expireAfterMs ?? (next.value === undefined ? deletedFor : Number.POSITIVE_INFINITY)

export const versionsBytes = ({ next, previous }: Versions): number =>
  headerBytes + (next.value?.length ?? 0) + (previous.value?.length ?? 0)

/**
 * Writes both versions, `versionsBytes` long, at `at`.
 * @param expiry milliseconds since the epoch; infinite: never
 */
export function writeVersions(
  target: Buffer,
  at: number,
  { next, previous }: Versions,
  expiry: number,
): void {
  target.writeDoubleLE(expiry, at)
  target.writeDoubleLE(next.offset, at + 8)
  target.writeDoubleLE(previous.offset, at + 16)
  target.writeUInt32LE(next.value?.length ?? none, at + 24)
  target.writeUInt32LE(previous.value?.length ?? none, at + 28)
  const body = at + headerBytes
  if (next.value) target.set(next.value, body)
  if (previous.value) target.set(previous.value, body + (next.value?.length ?? 0))
}

/** The newest version whose offset is below `committed`, or one without a value. Its value is a view on the buffer. */
export function newestBelow(versions: Buffer, committed: number): Version {
  const nextLength = versions.readUInt32LE(24)
  const nextEnd = headerBytes + (nextLength === none ? 0 : nextLength)
  const next = versions.readDoubleLE(8)
  if (next < committed) return view(versions, next, headerBytes, nextLength)
  const previous = versions.readDoubleLE(16)
  const found =
    previous < committed ? view(versions, previous, nextEnd, versions.readUInt32LE(28)) : noVersion
  return { ...found, shadowed: true }
}

const view = (versions: Buffer, offset: number, from: number, length: number): Version => ({
  offset,
  value: length === none ? undefined : versions.subarray(from, from + length),
})

export const expiryOf = (value: Buffer): number => value.readDoubleLE(0)
