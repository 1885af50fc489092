import { setImmediate as turn } from 'node:timers/promises'
import type { Log } from '../connectors/log/log.ts'
import { keyStart, nextOffset, offsetAt, type Records, valueStart } from '../connectors/log/records.ts'
import { replies } from '../schemas/topics.ts'
import type { Cursor } from './cursor.ts'
import type { ReplyReader } from './reply-reader.ts'
import type { Delivery } from './tail.ts'

export interface Page {
  readonly deliveries: readonly Delivery[]
  /** Where to read on. */
  readonly next: Cursor
  /** The page ended before the log did. */
  readonly more: boolean
}

const readBytes = 1 << 20

/** A page looks through at most so many bytes of the log: a conversation may be quiet in a busy partition. */
const pageBytes = 64 << 20

/** Reads replies back from the log. Only keys are compared; what doesn't match is never decoded. */
export class ReplyHistory {
  constructor(
    private readonly log: Log,
    private readonly reader: ReplyReader,
  ) {}

  /**
   * Reads the conversation's replies back from the log, at most `limit`, up to `until` or the end.
   * @throws OFFSET_OUT_OF_RANGE
   */
  async page(
    conversation: string,
    from: Cursor,
    limit: number,
    until = Number.POSITIVE_INFINITY,
  ): Promise<Page> {
    const key = Buffer.from(conversation)
    const deliveries: Delivery[] = []
    const { partition } = from
    let { offset } = from
    for (let bytes = 0; bytes < pageBytes && offset < until; ) {
      const records = await this.log.read(replies.name, partition, offset, readBytes)
      if (!records) return { deliveries, next: { partition, offset }, more: false }
      bytes += records.data.length
      await this.reader.learn(records)
      for (let index = 0; index < records.count; index++) {
        const at = offsetAt(records, index)
        if (at < offset || !sameKey(records, index, key)) continue
        if (at >= until) return { deliveries, next: { partition, offset: until }, more: false }
        const after = { partition, offset: at + 1 }
        const reply = this.reader.decode(records, index)
        if (reply && deliveries.push({ reply, after }) === limit)
          return { deliveries, next: after, more: true }
      }
      offset = Math.min(nextOffset(records), until)
      await turn()
    }
    return { deliveries, next: { partition, offset }, more: offset < until }
  }

  /** Where the partition's replies since `timestamp` (milliseconds since the epoch) begin. */
  async since(partition: number, timestamp: number): Promise<Cursor> {
    return { partition, offset: await this.log.offsetAt(replies.name, partition, timestamp) }
  }
}

const sameKey = (records: Records, index: number, key: Buffer): boolean => {
  const start = keyStart(records, index)
  const end = valueStart(records, index)
  return end - start === key.length && records.data.compare(key, 0, key.length, start, end) === 0
}
