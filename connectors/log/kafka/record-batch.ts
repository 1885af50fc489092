import { compressionsAlgorithms, compressionsAlgorithmsByBitmask, crc32c } from '@platformatic/kafka'
import { ConnectorError } from '../../errors.ts'
import { keyStart, type Records, valueEnd, valueStart } from '../records.ts'
import type { KafkaSettings } from './options.ts'

// The record batch of Kafka's message format 2: https://kafka.apache.org/documentation/#recordbatch

const headerBytes = 61
/** Bytes of the header before `attributes`, which the checksum does not cover. */
const uncheckedBytes = 21
/** More than the varints and the header of one record can take. */
const recordOverhead = 48
const transactionalBit = 0x10
const controlBit = 0x20
const compressionBits = 0x07

/**
 * The broker counts retention from a record's timestamp. An event of long ago would be removed at once, one of the
 * far future is refused; their timestamp is the time of writing, and when they happened stands in this header.
 */
const happenedHeader = 0x74
const plausibleMs = 3_600_000

/** Who writes a batch. */
export interface Author {
  readonly producerId: bigint
  readonly epoch: number
  readonly transactional: boolean
}

/** A batch as the broker takes it, and how many records are in it. */
export interface EncodedBatch {
  readonly bytes: Buffer
  readonly count: number
}

/**
 * Encodes records from `from` on, as many as fit into `maxBytes` before they are compressed.
 * @throws RECORD_TOO_LARGE
 */
export function encodeBatch(
  records: Records,
  from: number,
  sequence: number,
  { producerId, epoch, transactional }: Author,
  { maxMessageBytes, compression }: Pick<KafkaSettings, 'maxMessageBytes' | 'compression'>,
): EncodedBatch {
  const to = fitting(records, from, maxMessageBytes)
  const count = to - from
  const start = keyStart(records, from)
  const size = valueEnd(records, to - 1) - start
  const out = Buffer.allocUnsafe(headerBytes + size + count * recordOverhead)
  const now = Date.now()
  const base = kafkaTime(records.timestamps[from] as number, now)
  let max = base
  let at = headerBytes
  for (let index = from; index < to; index++) {
    const happened = records.timestamps[index] as number
    const time = kafkaTime(happened, now)
    if (time > max) max = time
    at = writeRecord(
      out,
      at,
      records,
      index,
      index - from,
      time - base,
      happened === time ? undefined : happened,
    )
  }
  const algorithm = compressionsAlgorithms[compression]
  let bytes = out.subarray(0, at)
  if (compression !== 'none')
    bytes = Buffer.concat([
      out.subarray(0, headerBytes),
      algorithm.compressSync(out.subarray(headerBytes, at)),
    ])
  bytes.fill(0, 0, headerBytes)
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes[16] = 2
  bytes.writeInt16BE(algorithm.bitmask | (transactional ? transactionalBit : 0), 21)
  bytes.writeInt32BE(count - 1, 23)
  bytes.writeBigInt64BE(BigInt(base), 27)
  bytes.writeBigInt64BE(BigInt(max), 35)
  bytes.writeBigInt64BE(producerId, 43)
  bytes.writeInt16BE(epoch, 51)
  bytes.writeInt32BE(sequence, 53)
  bytes.writeInt32BE(count, 57)
  bytes.writeUInt32BE(crc32c(bytes.subarray(uncheckedBytes)), 17)
  return { bytes, count }
}

const kafkaTime = (happened: number, now: number): number =>
  Math.abs(now - happened) < plausibleMs ? Math.trunc(happened) : now

function fitting(records: Records, from: number, maxBytes: number): number {
  const start = keyStart(records, from)
  let to = from
  while (
    to < records.count &&
    headerBytes + valueEnd(records, to) - start + (to + 1 - from) * recordOverhead <= maxBytes
  )
    to++
  if (to > from) return to
  throw new ConnectorError(
    'RECORD_TOO_LARGE',
    `a record of ${valueEnd(records, from) - start} bytes for "${records.topic}" is too large: a batch takes ${maxBytes} bytes (log.kafka.maxMessageBytes)`,
  )
}

function writeRecord(
  out: Buffer,
  start: number,
  records: Records,
  index: number,
  delta: number,
  timeDelta: number,
  happened: number | undefined,
): number {
  const { data } = records
  const key = keyStart(records, index)
  const value = valueStart(records, index)
  const end = valueEnd(records, index)
  const keyBytes = value - key
  const valueBytes = end - value
  const length =
    1 +
    signedLength(timeDelta) +
    signedLength(delta) +
    signedLength(keyBytes) +
    keyBytes +
    signedLength(valueBytes) +
    valueBytes +
    (happened === undefined ? 1 : 12)
  let at = writeSigned(out, start, length)
  out[at++] = 0
  at = writeSigned(out, at, timeDelta)
  at = writeSigned(out, at, delta)
  at = writeSigned(out, at, keyBytes)
  at = copy(data, key, value, out, at)
  at = writeSigned(out, at, valueBytes)
  at = copy(data, value, end, out, at)
  if (happened === undefined) {
    out[at++] = 0
    return at
  }
  out[at++] = 2
  out[at++] = 2
  out[at++] = happenedHeader
  out[at++] = 16
  return out.writeDoubleBE(happened, at)
}

/** For a few bytes a loop is quicker than the call into the runtime. */
function copy(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  if (end - start > 32) from.copy(to, at, start, end)
  else for (let i = start, j = at; i < end; i++, j++) to[j] = from[i] as number
  return at + end - start
}

/** Zigzag, then seven bits a byte. Above 2^31 the shift operators of the language fail, so large ones divide. */
function writeSigned(out: Buffer, start: number, value: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  let at = start
  while (rest > 0x7f) {
    out[at++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  out[at++] = rest
  return at
}

function signedLength(value: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  let length = 1
  for (; rest > 0x7f; length++) rest = Math.floor(rest / 128)
  return length
}

/** A batch of a fetch, not decoded yet. Aborted and control batches are never among them. */
export interface RawBatch {
  readonly bytes: Buffer
  readonly baseOffset: number
  readonly lastOffset: number
  readonly count: number
}

export interface Aborted {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

/** What a fetch brought for a partition. */
export interface RawBatches {
  readonly batches: readonly RawBatch[]
  /** The offset after everything that was looked at, also after what is not to be seen. */
  readonly end: number
}

/**
 * Finds the batches that a reader of committed records may see.
 * @param aborted the aborted transactions that the broker named along with these bytes
 */
export function scanBatches(bytes: Buffer, position: number, aborted: readonly Aborted[]): RawBatches {
  const batches: RawBatch[] = []
  const pending = [...aborted].sort((a, b) => Number(a.firstOffset - b.firstOffset))
  const dead = new Set<bigint>()
  let end = position
  for (let at = 0; at + headerBytes <= bytes.length; ) {
    const length = 12 + bytes.readInt32BE(at + 8)
    // The broker cuts the last batch where the limit is
    if (at + length > bytes.length) break
    if (bytes[at + 16] !== 2)
      throw new ConnectorError(
        'UNAVAILABLE',
        `a record batch of format ${bytes[at + 16]} can't be read: write with format 2 (Kafka 0.11 or later)`,
      )
    const baseOffset = Number(bytes.readBigInt64BE(at))
    const lastOffset = baseOffset + bytes.readInt32BE(at + 23)
    const attributes = bytes.readInt16BE(at + 21)
    const producerId = bytes.readBigInt64BE(at + 43)
    while (pending[0] && pending[0].firstOffset <= BigInt(lastOffset))
      dead.add((pending.shift() as Aborted).producerId)
    if (attributes & controlBit) {
      dead.delete(producerId)
    } else if (lastOffset >= position && !(attributes & transactionalBit && dead.has(producerId))) {
      const count = bytes.readInt32BE(at + 57)
      batches.push({ bytes: bytes.subarray(at, at + length), baseOffset, lastOffset, count })
    }
    end = Math.max(end, lastOffset + 1)
    at += length
  }
  return { batches, end }
}

/** Decodes batches into one, from an offset on, at most so many records. */
export function decodeBatches(
  topic: string,
  partition: number,
  batches: readonly RawBatch[],
  from: number,
  maxRecords = Number.POSITIVE_INFINITY,
): Records {
  const bodies = batches.map(bodyOf)
  const most = Math.min(
    maxRecords,
    batches.reduce((sum, { count }) => sum + count, 0),
  )
  const data = Buffer.allocUnsafe(bodies.reduce((sum, body) => sum + body.length, 0))
  const ends = new Uint32Array(2 * most)
  const timestamps = new Float64Array(most)
  const offsets = new Float64Array(most)
  let count = 0
  let at = 0
  for (const [i, body] of bodies.entries()) {
    const { baseOffset, bytes } = batches[i] as RawBatch
    const baseTime = Number(bytes.readBigInt64BE(27))
    const appendTime = bytes.readInt16BE(21) & 0x08 ? Number(bytes.readBigInt64BE(35)) : undefined
    let next = 0
    for (cursor = 0; cursor < body.length && count < most; cursor = next) {
      const length = readSigned(body)
      next = cursor + length
      cursor++
      const timeDelta = readSigned(body)
      const offset = baseOffset + readSigned(body)
      if (offset < from) continue
      const keyBytes = Math.max(0, readSigned(body))
      at = copy(body, cursor, cursor + keyBytes, data, at)
      cursor += keyBytes
      ends[2 * count] = at
      const valueBytes = Math.max(0, readSigned(body))
      at = copy(body, cursor, cursor + valueBytes, data, at)
      cursor += valueBytes
      ends[2 * count + 1] = at
      timestamps[count] = happenedOf(body) ?? appendTime ?? baseTime + timeDelta
      offsets[count++] = offset
    }
  }
  const baseOffset = count > 0 ? (offsets[0] as number) : from
  const gapless = count > 0 && (offsets[count - 1] as number) - baseOffset === count - 1
  return {
    topic,
    partition,
    count,
    baseOffset,
    offsets: gapless ? undefined : offsets.subarray(0, count),
    timestamps: timestamps.subarray(0, count),
    ends: ends.subarray(0, 2 * count),
    data: data.subarray(0, at),
  }
}

function bodyOf({ bytes }: RawBatch): Buffer {
  const body = bytes.subarray(headerBytes)
  const algorithm = compressionsAlgorithmsByBitmask[bytes.readInt16BE(21) & compressionBits]
  if (algorithm?.bitmask === 0) return body
  try {
    return (algorithm as NonNullable<typeof algorithm>).decompressSync(body)
  } catch (cause) {
    throw new ConnectorError(
      'UNAVAILABLE',
      `a record batch can't be decompressed (${(cause as Error).message}): produce with gzip, snappy, lz4 or no compression, or run a Node with zstd`,
      { cause },
    )
  }
}

/** Where the decoder stands: one variable, because a decoder that hands positions about is slower. */
let cursor = 0

function readSigned(from: Buffer): number {
  let byte = from[cursor++] as number
  let value = byte & 0x7f
  for (let weight = 128; byte > 0x7f; weight *= 128) {
    byte = from[cursor++] as number
    value += (byte & 0x7f) * weight
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

/** Reads the headers of a record: our own is the only one of any meaning here. */
function happenedOf(body: Buffer): number | undefined {
  let happened: number | undefined
  for (let left = readSigned(body); left > 0; left--) {
    const nameBytes = readSigned(body)
    const isOurs = nameBytes === 1 && body[cursor] === happenedHeader
    cursor += nameBytes
    const bytes = Math.max(0, readSigned(body))
    if (isOurs && bytes === 8) happened = body.readDoubleBE(cursor)
    cursor += bytes
  }
  return happened
}
