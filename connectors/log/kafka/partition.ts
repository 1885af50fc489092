import type { Committed, Position } from '../log.ts'
import { offsetAt, type Records, sliceRecords } from '../records.ts'
import { decodeBatches } from './batch/decode.ts'
import type { RawBatch } from './batch/scan.ts'

/** A partition that a member holds: what was fetched and not yet committed. */
export class HeldPartition implements Position {
  readonly topic: string
  readonly partition: number
  /** Where the next fetch begins: everything before it is queued, claimed, or not to be seen. */
  fetchAt: number
  /** Where the next claim begins. */
  next: number
  committed: number
  /** Whether the group has a position here at all: until then nobody can tell how far behind it is. */
  positioned: boolean
  metadata: string | undefined
  /** What waits. */
  records = 0
  bytes = 0
  #queue: RawBatch[] = []
  /** The batches that come first, decoded once, and how many of their records are done. */
  #decoded: Records | undefined
  #done = 0

  /** @param fresh waits for `onAssigned`; undefined since that was called */
  constructor(
    public fresh: Committed | undefined,
    positioned: boolean,
  ) {
    const { topic, partition, offset, metadata } = fresh as Committed
    this.positioned = positioned
    this.topic = topic
    this.partition = partition
    this.fetchAt = this.next = this.committed = offset
    this.metadata = metadata
  }

  get offset(): number {
    return this.fetchAt
  }

  add(batches: readonly RawBatch[], end: number): void {
    for (const batch of batches) {
      this.#queue.push(batch)
      this.records += batch.count
      this.bytes += batch.bytes.length
    }
    this.fetchAt = end
  }

  /** What comes next, at most so much (but always something); the same again until `done`. */
  peek(maxRecords: number, maxBytes: number): Records | undefined {
    if (!this.#decoded) this.#decode(maxRecords, maxBytes)
    const decoded = this.#decoded
    return decoded && sliceRecords(decoded, this.#done, Math.min(decoded.count, this.#done + maxRecords))
  }

  /** The offset to commit once everything before `next` is done: past what is not to be seen, where nothing is left. */
  positionAfter(next: number): number {
    const decoded = this.#decoded
    const more = decoded !== undefined && decoded.count > 0 && offsetAt(decoded, decoded.count - 1) >= next
    return more || this.#queue.length > 0 ? next : this.fetchAt
  }

  /** Everything before `next` is committed. */
  done(next: number): void {
    this.next = next
    const decoded = this.#decoded
    if (!decoded) return
    const before = this.#done
    while (this.#done < decoded.count && offsetAt(decoded, this.#done) < next) this.#done++
    this.records -= this.#done - before
    if (this.#done < decoded.count) return
    this.bytes -= decoded.data.length
    this.#decoded = undefined
  }

  /** The group's position is here from now on. */
  moved({ offset, metadata }: Pick<Committed, 'offset' | 'metadata'>): void {
    this.committed = offset
    this.metadata = metadata
    this.positioned = true
  }

  /** Goes on elsewhere: what was queued is dropped. */
  jump(offset: number): void {
    this.#queue = []
    this.#decoded = undefined
    this.records = this.bytes = 0
    this.fetchAt = this.next = offset
  }

  #decode(maxRecords: number, maxBytes: number): void {
    let count = 0
    let bytes = 0
    let taken = 0
    while (taken < this.#queue.length && count < maxRecords && bytes < maxBytes) {
      const batch = this.#queue[taken++] as RawBatch
      count += batch.count
      bytes += batch.bytes.length
    }
    if (taken === 0) return
    const batches = this.#queue.splice(0, taken)
    const records = decodeBatches(this.topic, this.partition, batches, this.next)
    this.records += records.count - count
    this.bytes += records.data.length - bytes
    this.#done = 0
    this.#decoded = records.count > 0 ? records : undefined
    // Nothing but records before the position, which the fetch brought along
    if (!this.#decoded) this.#decode(maxRecords, maxBytes)
  }
}
