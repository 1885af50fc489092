import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka'
import { ConnectorError } from '../../../errors.ts'
import type { Records } from '../../records.ts'
import { copy, happenedHeader, headerBytes } from './format.ts'
import type { RawBatch } from './scan.ts'

const compressionBits = 0x07

/** Decodes batches into one, from an offset on. */
export function decodeBatches(
  topic: string,
  partition: number,
  batches: readonly RawBatch[],
  from: number,
): Records {
  const bodies = batches.map(bodyOf)
  const most = batches.reduce((sum, { count }) => sum + count, 0)
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
    for (cursor = 0; cursor < body.length; cursor = next) {
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
