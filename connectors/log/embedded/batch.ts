import { ConnectorError } from '../../errors.ts'
import { keyStart, type Records, sliceRecords, valueEnd } from '../records.ts'

/**
 * A stored batch is one value: a header of 32 bytes (format, count, bytes of data, greatest timestamp, when it
 * came in), the timestamps, the ends, the data. All little-endian. Reading it is one copy and two views.
 */
const batchFormat = 1
const headerBytes = 32
const indexBytes = 16

/** What a record may take: the largest media that travel in a message, and room for the rest of it. */
export const maxRecordBytes = 10_485_760 + 65_536
const splitBytes = 1_048_576

export interface Header {
  readonly count: number
  readonly maxTimestamp: number
  /** Milliseconds since the epoch. */
  readonly appendedAt: number
}

/** Cuts a batch into pieces of about a mebibyte, so that reading a little never means copying much. */
export function* split(records: Records): Generator<Records> {
  let from = 0
  while (from < records.count) {
    const limit = keyStart(records, from) + splitBytes
    let to = from + 1
    if (records.data.length <= limit) to = records.count
    else while (to < records.count && valueEnd(records, to) <= limit) to++
    yield sliceRecords(records, from, to)
    from = to
  }
}

export function encodeBatch({ count, timestamps, ends, data }: Records, appendedAt: number): Buffer {
  const value = Buffer.allocUnsafeSlow(headerBytes + indexBytes * count + data.length)
  value.fill(0, 0, headerBytes)
  value[0] = batchFormat
  value.writeUInt32LE(count, 4)
  value.writeUInt32LE(data.length, 8)
  value.writeDoubleLE(greatest(timestamps, count), 16)
  value.writeDoubleLE(appendedAt, 24)
  new Float64Array(value.buffer, headerBytes, count).set(timestamps)
  new Uint32Array(value.buffer, headerBytes + 8 * count, 2 * count).set(ends)
  data.copy(value, headerBytes + indexBytes * count)
  return value
}

function greatest(timestamps: Float64Array, count: number): number {
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < count; i++) if ((timestamps[i] as number) > max) max = timestamps[i] as number
  return max
}

/** @throws UNAVAILABLE where the value isn't a whole batch */
export function readHeader(value: Buffer, place: string): Header {
  const whole =
    value.length >= headerBytes &&
    value[0] === batchFormat &&
    value.length === headerBytes + indexBytes * value.readUInt32LE(4) + value.readUInt32LE(8)
  if (!whole)
    throw new ConnectorError(
      'UNAVAILABLE',
      `the stored batch ${place} is damaged (${value.length} bytes): restore the data folder from a backup`,
    )
  return {
    count: value.readUInt32LE(4),
    maxTimestamp: value.readDoubleLE(16),
    appendedAt: value.readDoubleLE(24),
  }
}

/** Views on `value`, which must be the caller's own. */
export function decodeBatch(value: Buffer, topic: string, partition: number, baseOffset: number): Records {
  const { count } = readHeader(value, `${topic}/${partition}@${baseOffset}`)
  const { buffer, byteOffset } =
    value.byteOffset % 8 === 0 ? value : Buffer.from(new Uint8Array(value).buffer)
  return {
    topic,
    partition,
    count,
    baseOffset,
    timestamps: new Float64Array(buffer, byteOffset + headerBytes, count),
    ends: new Uint32Array(buffer, byteOffset + headerBytes + 8 * count, 2 * count),
    data: value.subarray(headerBytes + indexBytes * count),
  }
}

/** Joins batches that follow one another in a partition. */
export function concat(pieces: readonly Records[]): Records {
  const [first, ...others] = pieces as [Records, ...Records[]]
  if (others.length === 0) return first
  const count = pieces.reduce((sum, piece) => sum + piece.count, 0)
  const timestamps = new Float64Array(count)
  const ends = new Uint32Array(2 * count)
  const data = Buffer.concat(pieces.map((piece) => piece.data))
  let record = 0
  let start = 0
  for (const piece of pieces) {
    timestamps.set(piece.timestamps, record)
    for (let i = 0; i < 2 * piece.count; i++) ends[2 * record + i] = start + (piece.ends[i] as number)
    record += piece.count
    start += piece.data.length
  }
  return { ...first, count, timestamps, ends, data }
}
