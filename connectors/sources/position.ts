import { hash } from 'node:crypto'
import { ConnectorError } from '../errors.ts'

/** How much of an input's beginning tells it from another. */
export const headBytes = 4096

/** A place in a stream of bytes, and by which bytes at its beginning to know the stream again. */
export interface Position {
  /** How often the input had been replaced by another: rotated, truncated, or given anew. */
  readonly generation: number
  /** Bytes taken of this generation. */
  readonly offset: number
  /** Lines taken of this generation. */
  readonly line: number
  /** The fingerprint covers so many bytes: never more than were taken, so that it holds while a file grows. */
  readonly head: number
  readonly fingerprint: string
}

export const beginning = (generation = 0): Position => ({
  generation,
  offset: 0,
  line: 0,
  head: 0,
  fingerprint: fingerprintOf(Buffer.alloc(0)),
})

/** The position after `offset` bytes and `line` lines of an input that begins with `start`. */
export function positionAfter(start: Buffer, generation: number, offset: number, line: number): Position {
  const head = Math.min(headBytes, offset, start.length)
  return { generation, offset, line, head, fingerprint: fingerprintOf(start.subarray(0, head)) }
}

/** Whether an input that begins with these bytes is the one that the position belongs to. */
export const belongsTo = ({ head, fingerprint }: Position, start: Buffer): boolean =>
  start.length >= head && fingerprintOf(start.subarray(0, head)) === fingerprint

/** @throws SOURCE_INVALID where the text is a position of another kind of source */
export function parsePosition(text: string | undefined, source: string): Position {
  if (text === undefined) return beginning()
  try {
    const position = JSON.parse(text)
    if (Number.isSafeInteger(position.offset) && typeof position.fingerprint === 'string') return position
  } catch {}
  throw new ConnectorError(
    'SOURCE_INVALID',
    `source "${source}": its remembered position ${text.slice(0, 80)} was left by another kind of source; give this one a name of its own`,
  )
}

const fingerprintOf = (bytes: Buffer): string => hash('sha1', bytes, 'base64url')
