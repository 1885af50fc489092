import { ConnectorError } from '../connectors/errors.ts'
import type { Producer } from '../connectors/log/log.ts'
import { partitionOf } from '../connectors/log/partition.ts'
import { type Records, RecordsBuilder } from '../connectors/log/records.ts'
import type { Utterance } from '../schemas/generated/events.ts'
import { utterances } from '../schemas/topics.ts'
import { encodeFramed } from '../schemas/wire.ts'

/**
 * Appends what many requests bring, in few transactions: while one is under way, the next one gathers.
 * Utterances of a conversation stay in the order of the calls.
 */
export class Appender {
  readonly #builders: readonly RecordsBuilder[]
  #next: Promise<void> | undefined
  #current: Promise<void> = Promise.resolve()
  #producer: Producer | undefined

  private constructor(
    private readonly open: () => Promise<Producer>,
    partitions: number,
    private readonly schemaId: number,
    /** Told of each transaction: how many milliseconds it took. */
    private readonly observe: (milliseconds: number) => void,
  ) {
    this.#builders = Array.from(
      { length: partitions },
      (_, index) => new RecordsBuilder(utterances.name, index),
    )
  }

  /** @param open opens the gateway's producer: at once, and again where it was fenced */
  static async open(
    open: () => Promise<Producer>,
    partitions: number,
    schemaId: number,
    observe: (milliseconds: number) => void,
  ): Promise<Appender> {
    const appender = new Appender(open, partitions, schemaId, observe)
    appender.#producer = await open()
    return appender
  }

  /**
   * Resolves when the utterances are durable. All of them are, or none.
   * @throws what `Producer.append` throws; everyone who shared the transaction gets it
   */
  append(batch: readonly Utterance[]): Promise<void> {
    for (const utterance of batch) this.#add(utterance)
    this.#next ??= this.#commitAfter(this.#current)
    return this.#next
  }

  /** Proves that the log takes writes, by making one. */
  async probe(): Promise<void> {
    await this.#write([], 'probe')
  }

  /** Waits for what is under way, and closes the producer. */
  async close(): Promise<void> {
    await (this.#next ?? this.#current).catch(() => {})
    await this.#producer?.close()
  }

  /**
   * A producer is fenced by a later one of its name, and where the log ended its transaction because nobody had heard of
   * it for too long: whichever it was, the next append opens it anew.
   */
  async #write(batches: readonly Records[], position?: string): Promise<void> {
    this.#producer ??= await this.open()
    try {
      await this.#producer.append(batches, position)
    } catch (cause) {
      if (!(cause instanceof ConnectorError && cause.code === 'FENCED')) throw cause
      this.#producer = undefined
      throw new ConnectorError('UNAVAILABLE', `whether it was written is not known: ${cause.message}`, {
        cause,
      })
    }
  }

  #add(utterance: Utterance): void {
    const partition = partitionOf(utterance.conversation, this.#builders.length)
    const builder = this.#builders[partition] as RecordsBuilder
    builder.addEncoded(utterance.conversation, utterance.occurredAt, (data, position) =>
      encodeFramed(utterances.codec, this.schemaId, utterance, data, position),
    )
  }

  async #commitAfter(previous: Promise<void>): Promise<void> {
    await previous.catch(() => {})
    // what else arrived in this turn of the event loop comes along
    await new Promise(setImmediate)
    this.#current = this.#next as Promise<void>
    this.#next = undefined
    const filled = this.#builders.filter(({ count }) => count > 0)
    const started = performance.now()
    await this.#write(filled.map((builder) => builder.take()))
    this.observe(performance.now() - started)
  }
}
