import { partitionOf } from '../../connectors/log/partition.ts'
import { keyAt, type Records, valueEnd, valueStart } from '../../connectors/log/records.ts'
import type { Registry } from '../../connectors/registry/registry.ts'
import type { Fields } from '../../connectors/sources/source.ts'
import { textOf } from '../../schemas/json.ts'
import type { Topic } from '../../schemas/topic.ts'
import { headerBytes, schemaIdOf } from '../../schemas/wire.ts'
import { Message, type Origin, type Rejection, reject } from '../message.ts'
import type { Destination } from './encoder.ts'
import type { Intake } from './intake.ts'
import { Readers } from './readers.ts'

/** A plain JSON object begins so. */
const brace = 0x7b

/**
 * Turns raw records of one topic into messages, whichever schema version they were written with, and, with an
 * intake, those of other programs.
 */
export class Decoder {
  /** Undefined for topics of plain JSON. */
  readonly #readers: Readers | undefined
  readonly #intake: Intake | undefined

  /**
   * @param destination how the topic is written: its own schema's id, and the partitions of its keys
   * @param intake counts where it is this topic's
   */
  constructor(
    private readonly topic: Topic<unknown>,
    private readonly destination: Destination,
    registry: Registry,
    intake?: Intake | undefined,
  ) {
    this.#intake = intake?.topic.name === topic.name ? intake : undefined
    if (topic.format === 'avro')
      this.#readers = new Readers(topic, destination.schemaId, registry, this.#intake?.avro ?? false)
  }

  /**
   * Decodes a batch in order. What can't be decoded becomes a rejection. A message that lies in a partition where
   * its key doesn't belong is bound for its topic once more: its `topic` says so.
   * @throws where the registry can't be asked about an id that was never seen
   */
  async decode(records: Records): Promise<(Message<unknown> | Rejection)[]> {
    if (this.#readers) await this.#learn(this.#readers, records)
    const messages = new Array<Message<unknown> | Rejection>(records.count)
    for (let index = 0; index < records.count; index++) messages[index] = this.#message({ records, index })
    return messages
  }

  #message(origin: Origin): Message<unknown> | Rejection {
    const { records, index } = origin
    const { data } = records
    const start = valueStart(records, index)
    const end = valueEnd(records, index)
    try {
      if (!this.#readers) return this.#own(origin, this.topic.codec.decode(data, start, end))
      const id = schemaIdOf(data, start, end)
      if (id === undefined) return this.#unframed(origin, start, end)
      const reader = this.#readers.of(id)
      if (reader.kind === 'none') return this.#refuse(origin, reader.refusal, 'UNKNOWN_SCHEMA')
      const body = start + headerBytes
      if (reader.kind === 'own') return this.#own(origin, reader.codec.decode(data, body, end))
      return this.#foreign(origin, reader.codec.decode(data, body, end), `the record of schema id ${id}`)
    } catch (error) {
      return this.#refuse(
        origin,
        `the value is not a valid "${this.topic.name}" event: ${(error as Error).message}`,
        'UNDECODABLE',
      )
    }
  }

  #own(origin: Origin, value: unknown): Message<unknown> {
    const { records, index } = origin
    const key = keyAt(records, index)
    const timestamp = records.timestamps[index] as number
    if (!this.#intake) return new Message(key, value, timestamp, origin)
    return this.#placed(origin, key, this.#intake.keyOf(value) || key, value, timestamp)
  }

  #unframed(origin: Origin, start: number, end: number): Message<unknown> | Rejection {
    const { data } = origin.records
    if (this.#intake?.json && start < end && data[start] === brace)
      return this.#foreign(origin, JSON.parse(textOf(data, start, end)), 'the JSON object')
    const remedy = `produce Avro with the schema of subject "${this.topic.name}-value"`
    return this.#refuse(
      origin,
      `the value does not start with Confluent's header (a zero byte and a schema id)${this.#intake?.json ? ', nor is it a JSON object' : ''}: ${remedy}`,
      'NOT_FRAMED',
    )
  }

  #foreign(origin: Origin, fields: Fields, what: string): Message<unknown> | Rejection {
    const { records, index } = origin
    const intake = this.#intake as Intake
    const value = intake.accept(fields, origin)
    if (typeof value === 'string')
      return this.#refuse(origin, `${what} makes no "${this.topic.name}" event: ${value}`, 'UNFIT_MESSAGE')
    return this.#placed(origin, keyAt(records, index), intake.keyOf(value), value, intake.timeOf(value))
  }

  /** The message of a record that came under `key`, and belongs under `right`. */
  #placed(origin: Origin, key: string, right: string, value: unknown, timestamp: number): Message<unknown> {
    const { partition } = origin.records
    const { partitions } = this.destination
    // Partitions that came after the processor started are left to those who know them
    const isInPlace =
      key === right && (partition >= partitions || partitionOf(right, partitions) === partition)
    return new Message(right, value, timestamp, origin, isInPlace ? undefined : this.topic)
  }

  #refuse(origin: Origin, reason: string, code: string): Rejection {
    const { records, index } = origin
    const timestamp = records.timestamps[index] as number
    return reject(new Message(keyAt(records, index), undefined, timestamp, origin), reason, code)
  }

  async #learn(readers: Readers, records: Records): Promise<void> {
    readers.forgetMissing()
    for (let index = 0; index < records.count; index++) {
      const id = schemaIdOf(records.data, valueStart(records, index), valueEnd(records, index))
      if (id !== undefined && !readers.has(id)) await readers.learn(id)
    }
  }
}
