import { ConnectorError } from '../../connectors/errors.ts'
import { keyAt, type Records, valueEnd, valueStart } from '../../connectors/log/records.ts'
import type { Registry } from '../../connectors/registry/registry.ts'
import type { Codec } from '../../schemas/codec.ts'
import type { Topic } from '../../schemas/topic.ts'
import { headerBytes, schemaIdOf } from '../../schemas/wire.ts'
import { Message, type Rejection, reject } from '../message.ts'

type Reader = Pick<Codec<unknown>, 'decode'> | { readonly refusal: string; readonly missing: boolean }

/** Turns raw records of one topic into messages, whichever schema version they were written with. */
export class Decoder {
  readonly #readers = new Map<number, Reader>()

  /** @param ownId the registry's id of the topic's own schema */
  constructor(
    private readonly topic: Topic<unknown>,
    ownId: number,
    private readonly registry: Registry,
  ) {
    this.#readers.set(ownId, topic.codec)
  }

  /**
   * Decodes a batch in order. What can't be decoded becomes a rejection.
   * @throws where the registry can't be asked about an id that was never seen
   */
  async decode(records: Records): Promise<(Message<unknown> | Rejection)[]> {
    await this.#learn(records)
    const messages = new Array<Message<unknown> | Rejection>(records.count)
    for (let index = 0; index < records.count; index++) messages[index] = this.#message(records, index)
    return messages
  }

  #message(records: Records, index: number): Message<unknown> | Rejection {
    const start = valueStart(records, index)
    const end = valueEnd(records, index)
    const timestamp = records.timestamps[index] as number
    const origin = { records, index }
    const refuse = (reason: string, code: string) =>
      reject(new Message(keyAt(records, index), undefined, timestamp, origin), reason, code)
    const id = schemaIdOf(records.data, start, end)
    if (id === undefined) {
      return refuse(
        `the value does not start with Confluent's header (a zero byte and a schema id): produce Avro with the schema of subject "${this.topic.name}-value"`,
        'NOT_FRAMED',
      )
    }
    const reader = this.#readers.get(id) as Reader
    if ('refusal' in reader) return refuse(reader.refusal, 'UNKNOWN_SCHEMA')
    try {
      const value = reader.decode(records.data, start + headerBytes, end)
      return new Message(keyAt(records, index), value, timestamp, origin)
    } catch (error) {
      return refuse(
        `the value is not a valid "${this.topic.name}" event: ${(error as Error).message}`,
        'UNDECODABLE',
      )
    }
  }

  async #learn(records: Records): Promise<void> {
    // A schema that was missing may have been registered since: its id is asked about once a batch
    for (const [id, reader] of this.#readers)
      if ('refusal' in reader && reader.missing) this.#readers.delete(id)
    for (let index = 0; index < records.count; index++) {
      const id = schemaIdOf(records.data, valueStart(records, index), valueEnd(records, index))
      if (id !== undefined && !this.#readers.has(id)) this.#readers.set(id, await this.#reader(id))
    }
  }

  async #reader(id: number): Promise<Reader> {
    try {
      return this.topic.codec.reading(await this.registry.schema(id))
    } catch (error) {
      if (error instanceof ConnectorError && error.code !== 'UNKNOWN_SCHEMA') throw error
      const missing = error instanceof ConnectorError
      return {
        missing,
        refusal: `schema id ${id} ${missing ? 'is not in the registry' : `does not fit topic "${this.topic.name}": ${(error as Error).message}`}; register the schema, then redrive`,
      }
    }
  }
}
