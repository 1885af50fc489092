import type { Producer } from '../connectors/log/log.ts'
import { partitionOf } from '../connectors/log/partition.ts'
import { RecordsBuilder } from '../connectors/log/records.ts'
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

  constructor(
    private readonly producer: Producer,
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
    await this.producer.append([], 'probe')
  }

  /** Waits for what is under way, and closes the producer. */
  async close(): Promise<void> {
    await (this.#next ?? this.#current).catch(() => {})
    await this.producer.close()
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
    await this.producer.append(filled.map((builder) => builder.take()))
    this.observe(performance.now() - started)
  }
}
