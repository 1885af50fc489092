import { ConnectorError } from '../../../errors.ts'
import { controlBit, headerBytes, transactionalBit } from './format.ts'

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
