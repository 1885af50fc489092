import type { Log } from '../../connectors/log/log.ts'
import type { Registry } from '../../connectors/registry/registry.ts'
import type { Topic } from '../../schemas/topic.ts'
import type { Message, Rejection } from '../message.ts'
import { Decoder } from './decoder.ts'
import { schemaIdIn } from './encoder.ts'

const chunkBytes = 4 << 20

/** Where to read, by partition; an end of undefined: to what is there now. */
export interface ScanRange {
  readonly partition: number
  readonly from: number
  readonly to: number
}

/** Every partition of a topic from its earliest record to its latest of now. */
export async function wholeTopic(log: Log, topic: string): Promise<readonly ScanRange[]> {
  const found = (await log.topics()).find(({ name }) => name === topic)
  return (found?.offsets ?? []).map(({ earliest, latest }, partition) => ({
    partition,
    from: earliest,
    to: latest,
  }))
}

/** Reads ranges of a topic outside any group, decoded, partition after partition, in order within each. */
export async function* scan(
  log: Log,
  registry: Registry,
  topic: Topic<unknown>,
  ranges: readonly ScanRange[],
): AsyncGenerator<Message<unknown> | Rejection> {
  const decoder = new Decoder(
    topic,
    { schemaId: await schemaIdIn(registry, topic), partitions: ranges.length },
    registry,
  )
  for (const { partition, from, to } of ranges) {
    let offset = from
    while (offset < to) {
      const records = await log.read(topic.name, partition, offset, chunkBytes)
      if (!records) break
      for (const [index, item] of (await decoder.decode(records)).entries()) {
        offset = (records.offsets?.[index] ?? records.baseOffset + index) + 1
        if (offset <= to) yield item
      }
    }
  }
}
