import { ConnectorError } from '../connectors/errors.ts'
import { type Records, valueEnd, valueStart } from '../connectors/log/records.ts'
import type { Registry } from '../connectors/registry/registry.ts'
import type { Codec } from '../schemas/codec.ts'
import type { Reply } from '../schemas/generated/events.ts'
import { replies } from '../schemas/topics.ts'
import { headerBytes, schemaIdOf } from '../schemas/wire.ts'

type Decoder = Pick<Codec<Reply>, 'decode'>

/** Decodes replies, whichever version of the schema they were written with. */
export class ReplyReader {
  /** By schema id; undefined where the id is nobody's. */
  readonly #decoders = new Map<number, Decoder | undefined>()

  constructor(
    private readonly registry: Pick<Registry, 'schema'>,
    /** Told of each record that can't be decoded. */
    private readonly undecodable: () => void,
  ) {}

  /** Fetches the schemas that the batch needs, so that `decode` can do without waiting. */
  async learn(records: Records): Promise<void> {
    for (let index = 0; index < records.count; index++) {
      const id = schemaIdOf(records.data, valueStart(records, index), valueEnd(records, index))
      if (id !== undefined && !this.#decoders.has(id)) this.#decoders.set(id, await this.#decoder(id))
    }
  }

  /** The reply, or undefined where the bytes are none. The batch must have been learnt. */
  decode(records: Records, index: number): Reply | undefined {
    const [start, end] = [valueStart(records, index), valueEnd(records, index)]
    const id = schemaIdOf(records.data, start, end)
    try {
      const reply = this.#decoders.get(id ?? -1)?.decode(records.data, start + headerBytes, end)
      if (!reply) this.undecodable()
      return reply
    } catch {
      this.undecodable()
      return undefined
    }
  }

  async #decoder(id: number): Promise<Decoder | undefined> {
    const schema = await this.registry.schema(id).catch((error) => {
      if (error instanceof ConnectorError && error.code === 'UNKNOWN_SCHEMA') return undefined
      throw error
    })
    return schema === undefined ? undefined : replies.codec.reading(schema)
  }
}
