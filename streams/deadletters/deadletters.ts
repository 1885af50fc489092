import type { Log } from '../../connectors/log/log.ts'
import { partitionOf } from '../../connectors/log/partition.ts'
import { type Records, RecordsBuilder } from '../../connectors/log/records.ts'
import type { Registry } from '../../connectors/registry/registry.ts'
import type { DeadLetter } from '../../schemas/generated/events.ts'
import { deadletters } from '../../schemas/topics.ts'
import { encodeFramed } from '../../schemas/wire.ts'
import { Rejection } from '../message.ts'
import { scan, wholeTopic } from '../runtime/scan.ts'

/**
 * What became of refused messages. The topic itself is the record: a dead letter is open until a later record of
 * the same id says that it was redriven or discarded.
 */
export async function openDeadLetters(log: Log, registry: Registry): Promise<readonly DeadLetter[]> {
  const letters = new Map<string, DeadLetter>()
  for await (const item of scan(log, registry, deadletters, await wholeTopic(log, deadletters.name))) {
    if (item instanceof Rejection) continue
    const letter = item.value as DeadLetter
    if (letter.resolution === 'open') letters.set(letter.id, letter)
    else letters.delete(letter.id)
  }
  return [...letters.values()].sort((a, b) => a.createdAt - b.createdAt)
}

export interface Resolved {
  readonly resolved: readonly DeadLetter[]
  /** Rows of a source never were messages: they can't be sent again. */
  readonly impossible: readonly DeadLetter[]
}

/**
 * Sends open dead letters to where they came from once more, or discards them. The message and the note of what
 * became of it are one transaction, and a second run at the same time is fenced: nothing is sent twice.
 * @throws FENCED where another resolution began meanwhile
 */
export async function resolveDeadLetters(
  log: Log,
  registry: Registry,
  wanted: (letter: DeadLetter) => boolean,
  resolution: 'redriven' | 'discarded',
  now: number,
): Promise<Resolved> {
  const producer = await log.producer('deadletters')
  try {
    const letters = (await openDeadLetters(log, registry)).filter(wanted)
    const possible = (letter: DeadLetter) => resolution === 'discarded' || letter.partition >= 0
    const resolved = letters.filter(possible)
    const partitions = new Map((await log.topics()).map((topic) => [topic.name, topic.partitions]))
    const schemaId = await registry.register(`${deadletters.name}-value`, deadletters.codec.schema)
    for (let start = 0; start < resolved.length; start += batchSize) {
      const builders = new Map<string, RecordsBuilder>()
      const builderFor = (topic: string, key: string) => {
        const partition = partitionOf(key, partitions.get(topic) ?? 1)
        const id = `${topic}/${partition}`
        const builder = builders.get(id) ?? new RecordsBuilder(topic, partition)
        builders.set(id, builder)
        return builder
      }
      for (const letter of resolved.slice(start, start + batchSize)) {
        if (resolution === 'redriven')
          builderFor(letter.topic, letter.key).add(letter.key, letter.value, letter.timestamp)
        const note = { ...letter, resolution, value: Buffer.alloc(0), createdAt: now }
        builderFor(deadletters.name, letter.key).addEncoded(letter.key, now, (data, position) =>
          encodeFramed(deadletters.codec, schemaId, note, data, position),
        )
      }
      const batches: Records[] = [...builders.values()].map((builder) => builder.take())
      await producer.append(batches)
    }
    return { resolved, impossible: letters.filter((letter) => !possible(letter)) }
  } finally {
    await producer.close()
  }
}

const batchSize = 500
