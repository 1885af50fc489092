import type { Log } from '../../connectors/log/log.ts'
import { partitionOf } from '../../connectors/log/partition.ts'
import { type Records, RecordsBuilder } from '../../connectors/log/records.ts'
import type { Registry } from '../../connectors/registry/registry.ts'
import { subjectOf } from '../../schemas/catalogue.ts'
import type { Topic } from '../../schemas/topic.ts'
import { encodeFramed } from '../../schemas/wire.ts'
import type { Message } from '../message.ts'

/** How a topic is written: into how many partitions, and under which schema id; undefined: without one, as JSON. */
export interface Destination {
  readonly partitions: number
  readonly schemaId: number | undefined
}

/** How topics are written, as they are now. */
export async function destinationsOf(
  log: Log,
  registry: Registry,
  topics: Iterable<Topic<unknown>>,
): Promise<ReadonlyMap<string, Destination>> {
  const partitions = new Map((await log.topics()).map((topic) => [topic.name, topic.partitions]))
  const destinations = new Map<string, Destination>()
  for (const topic of topics) {
    if (destinations.has(topic.name)) continue
    const schemaId = await schemaIdIn(registry, topic)
    destinations.set(topic.name, { schemaId, partitions: partitions.get(topic.name) ?? 1 })
  }
  return destinations
}

/** The id under which a topic's values are written; undefined for JSON, of which the registry is never told. */
export const schemaIdIn = async (registry: Registry, topic: Topic<unknown>): Promise<number | undefined> =>
  topic.format === 'avro' ? registry.register(subjectOf(topic.name), topic.codec.schema) : undefined

/** What of a message is written. */
type Keyed = Pick<Message<unknown>, 'key' | 'value' | 'timestamp'>

/** Turns messages into raw records, a batch a partition. */
export class Encoder {
  readonly #builders = new Map<string, RecordsBuilder[]>()

  /** @param rename the topic that is written in place of another; undefined: none is */
  constructor(
    private readonly destinations: ReadonlyMap<string, Destination>,
    private readonly rename: (topic: string) => string | undefined = (topic) => topic,
  ) {}

  encode(outputs: Iterable<readonly [Topic<unknown>, readonly Keyed[]]>): Records[] {
    const batches: Records[] = []
    for (const [topic, messages] of outputs) {
      const name = this.rename(topic.name)
      if (name === undefined) continue
      const { partitions, schemaId } = this.#destination(topic)
      const builders = this.#buildersOf(name, partitions)
      for (const { key, value, timestamp } of messages) {
        const builder = builders[partitions === 1 ? 0 : partitionOf(key, partitions)] as RecordsBuilder
        builder.addEncoded(key, timestamp, (data, position) =>
          encodeFramed(topic.codec, schemaId, value, data, position),
        )
      }
      for (const builder of builders) if (builder.count > 0) batches.push(builder.take())
    }
    return batches
  }

  /** Drops what a failed `encode` left half done. */
  reset(): void {
    this.#builders.clear()
  }

  #destination({ name }: Topic<unknown>): Destination {
    const destination = this.destinations.get(name)
    if (!destination) throw new Error(`topic "${name}" is in no stage's "to" or "also"; name it there`)
    return destination
  }

  #buildersOf(name: string, partitions: number): RecordsBuilder[] {
    let builders = this.#builders.get(name)
    if (!builders) {
      builders = Array.from({ length: partitions }, (_, partition) => new RecordsBuilder(name, partition))
      this.#builders.set(name, builders)
    }
    return builders
  }
}
