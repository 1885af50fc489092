import { ConnectorError } from '../../connectors/errors.ts'
import type { Registry } from '../../connectors/registry/registry.ts'
import type { Fields } from '../../connectors/sources/source.ts'
import { type AvroSchema, type Codec, codec } from '../../schemas/codec.ts'
import type { AvroTopic } from '../../schemas/topic.ts'

/** How values of one schema are read. */
export type Reader =
  | { readonly kind: 'own'; readonly codec: Pick<Codec<unknown>, 'decode'> }
  | { readonly kind: 'foreign'; readonly codec: Pick<Codec<Fields>, 'decode'> }
  | { readonly kind: 'none'; readonly refusal: string; readonly missing: boolean }

/** The readers of a topic's values, by schema id. */
export class Readers {
  readonly #readers = new Map<number, Reader>()

  /** @param takesForeign whether schemas that don't fit the topic's own are read too, for what they are */
  constructor(
    private readonly topic: AvroTopic<unknown>,
    ownId: number | undefined,
    private readonly registry: Registry,
    private readonly takesForeign: boolean,
  ) {
    if (ownId !== undefined) this.#readers.set(ownId, { kind: 'own', codec: topic.codec })
  }

  /** The reader of a schema that was learnt. */
  of(id: number): Reader {
    return this.#readers.get(id) as Reader
  }

  has(id: number): boolean {
    return this.#readers.has(id)
  }

  /** @throws where the registry can't be asked */
  async learn(id: number): Promise<void> {
    this.#readers.set(id, await this.#reader(id))
  }

  /** A schema that was missing may have been registered since. */
  forgetMissing(): void {
    for (const [id, reader] of this.#readers)
      if (reader.kind === 'none' && reader.missing) this.#readers.delete(id)
  }

  async #reader(id: number): Promise<Reader> {
    try {
      return this.#readerOf(await this.registry.schema(id))
    } catch (error) {
      if (error instanceof ConnectorError && error.code !== 'UNKNOWN_SCHEMA') throw error
      const missing = error instanceof ConnectorError
      const problem = missing
        ? 'is not in the registry'
        : `does not fit topic "${this.topic.name}": ${(error as Error).message}`
      return {
        kind: 'none',
        missing,
        refusal: `schema id ${id} ${problem}; register the schema, then redrive`,
      }
    }
  }

  #readerOf(schema: AvroSchema): Reader {
    try {
      return { kind: 'own', codec: this.topic.codec.reading(schema) }
    } catch (error) {
      if (!this.takesForeign) throw error
      return { kind: 'foreign', codec: codec<Fields>(schema) }
    }
  }
}
