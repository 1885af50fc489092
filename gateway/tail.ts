import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectorError } from '../connectors/errors.ts'
import type { Log } from '../connectors/log/log.ts'
import { partitionOf } from '../connectors/log/partition.ts'
import { keyAt, nextOffset, offsetAt, type Records } from '../connectors/log/records.ts'
import type { Reply } from '../schemas/generated/events.ts'
import { replies } from '../schemas/topics.ts'
import type { Cursor } from './cursor.ts'
import type { ReplyReader } from './reply-reader.ts'

export interface Delivery {
  readonly reply: Reply
  /** The place after the reply. */
  readonly after: Cursor
}

export type Listener = (delivery: Delivery) => void

const retryMs = 500
const quietMs = 1000

/**
 * Follows the topic `replies` once for the whole gateway, from its end on, and hands each reply to those who
 * listen to its conversation.
 */
export class ReplyTail {
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #waiting = new Set<() => void>()
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #fault: Error | undefined

  private constructor(
    private readonly log: Log,
    private readonly reader: ReplyReader,
    /** Next offset of each partition: everything before it has been handed out. */
    private readonly positions: number[],
  ) {}

  /** Starts at the end of every partition. */
  static async open(log: Log, reader: ReplyReader): Promise<ReplyTail> {
    const topic = (await log.topics()).find(({ name }) => name === replies.name)
    if (!topic)
      throw new ConnectorError(
        'UNKNOWN_TOPIC',
        `the topic "${replies.name}" is missing: create the topics first`,
      )
    const tail = new ReplyTail(
      log,
      reader,
      topic.offsets.map(({ latest }) => latest),
    )
    tail.#running = tail.#run()
    return tail
  }

  /** Why the tail stands still just now; undefined where it doesn't. */
  get fault(): Error | undefined {
    return this.#fault
  }

  /** Whether nobody is to wait any longer, because the gateway stops. */
  get released(): boolean {
    return this.#stopping.signal.aborted
  }

  /** The end of the conversation's replies, as far as they have been handed out. */
  end(conversation: string): Cursor {
    const partition = this.partition(conversation)
    return { partition, offset: this.positions[partition] as number }
  }

  partition(conversation: string): number {
    return partitionOf(conversation, this.positions.length)
  }

  /** Hands over every reply from `end(conversation)` on, until the returned function is called. */
  listen(conversation: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(conversation) ?? new Set()
    this.#listeners.set(conversation, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(conversation) === listeners)
        this.#listeners.delete(conversation)
    }
  }

  /** Resolves at the conversation's next reply, after `timeoutMs`, when the signal aborts, or when the tail stops. */
  async arrival(conversation: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#stopping.signal.aborted) return
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        unlisten()
        signal.removeEventListener('abort', done)
        this.#waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      const unlisten = this.listen(conversation, done)
      signal.addEventListener('abort', done)
      this.#waiting.add(done)
    })
  }

  /** Ends all waiting, at once. */
  release(): void {
    this.#stopping.abort()
    for (const done of [...this.#waiting]) done()
  }

  async close(): Promise<void> {
    this.release()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    const take = async (records: Records) => {
      await this.reader.learn(records)
      this.#hand(records)
      this.#fault = undefined
    }
    while (!signal.aborted) {
      // Where nothing comes, nobody says that all is well again: it is, if nothing has failed for a while
      const quiet = setTimeout(() => {
        this.#fault = undefined
      }, quietMs)
      try {
        await this.log.tail(replies.name, this.positions, take, signal)
      } catch (error) {
        this.#fault = error as Error
        await sleep(retryMs, undefined, { signal }).catch(() => {})
      } finally {
        clearTimeout(quiet)
      }
    }
  }

  /** Hands a batch out without yielding, so that whoever starts to listen finds the position to fit. */
  #hand(records: Records): void {
    const { partition } = records
    const from = this.positions[partition] as number
    for (let index = 0; index < records.count && this.#listeners.size > 0; index++) {
      const at = offsetAt(records, index)
      const listeners = at < from ? undefined : this.#listeners.get(keyAt(records, index))
      const reply = listeners && this.reader.decode(records, index)
      if (!listeners || !reply) continue
      this.positions[partition] = at + 1
      for (const listener of [...listeners]) listener({ reply, after: { partition, offset: at + 1 } })
    }
    this.positions[partition] = nextOffset(records)
  }
}
