import { compressionsAlgorithms, crc32c } from '@platformatic/kafka'
import { ConnectorError } from '../../../errors.ts'
import { keyStart, type Records, valueEnd, valueStart } from '../../records.ts'
import type { KafkaSettings } from '../options.ts'
import { copy, happenedHeader, headerBytes, transactionalBit } from './format.ts'

/** Bytes of the header before `attributes`, which the checksum does not cover. */
const uncheckedBytes = 21
/** More than the varints and the header of one record can take. */
const recordOverhead = 48
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
