import { setTimeout as sleep } from 'node:timers/promises'
import type { Log, Position } from '../../connectors/log/log.ts'
import { deadletters, utterances } from '../../schemas/topics.ts'
import { inputTopics, outputTopics } from '../runtime/chain.ts'
import {
  type Connectors,
  type Processor,
  type ProcessorSettings,
  startProcessor,
} from '../runtime/processor.ts'

/** A place in a topic: a time in milliseconds since the epoch, or the same offset in every partition. */
export type Place = { readonly time: number } | { readonly offset: number }

export interface ReplaySettings {
  /** Undefined: the earliest record. */
  readonly from?: Place
  /** Exclusive; undefined: what is there now. */
  readonly to?: Place
  /**
   * Name of the replay: its consumer group and state are `replay-<into>`, its topics `<into>.<topic>`. The same
   * name again goes on where an interrupted replay stopped. When it is through, the group is forgotten.
   */
  readonly into: string
  readonly createTopics: (names: readonly string[]) => Promise<void>
  readonly onProgress?: (done: number, total: number) => void
  readonly processor?: ProcessorSettings
}

export interface Replayed {
  readonly records: number
  /** The topics that were written. */
  readonly topics: readonly string[]
}

/**
 * Runs a processor over part of its input again: in order, with state of its own, into topics of its own. What
 * re-enters or leaves the system (bots' utterances) is dropped, so that nothing happens twice.
 * @throws GROUP_ACTIVE where this replay is running already
 */
export async function replay(
  processor: Processor,
  { from, to, into, createTopics, onProgress, processor: settings }: ReplaySettings,
  connectors: Connectors,
  signal: AbortSignal,
): Promise<Replayed> {
  const { log } = connectors
  const [input] = inputTopics(processor.stages)
  if (!input) throw new Error(`processor "${processor.name}" reads no topic`)
  const group = `replay-${into}`
  const rename = (topic: string) => (topic === utterances.name ? undefined : `${into}.${topic}`)
  const outputs = [...outputTopics(processor.stages, processor.publish), deadletters]
  const written = outputs.flatMap(({ name }) => rename(name) ?? [])
  await createTopics(written)
  const range = await rangeOf(log, input.name, from, to)
  const resumed = (await log.groups()).some((one) => one.group === group && one.committed.length > 0)
  if (!resumed) {
    await requireEmpty(log, written)
    await log.seek(
      group,
      range.map(({ partition, start }) => ({ topic: input.name, partition, offset: start })),
    )
  }
  const total = range.reduce((sum, { start, end }) => sum + Math.max(0, end - start), 0)
  const left = async (): Promise<number> => {
    const at = positionsOf((await log.groups()).find((one) => one.group === group)?.committed ?? [])
    return range.reduce(
      (sum, { partition, start, end }) => sum + Math.max(0, end - (at.get(partition) ?? start)),
      0,
    )
  }
  const running = await startProcessor(
    processor,
    { ...settings, group, rename, until: new Map(range.map(({ partition, end }) => [partition, end])) },
    connectors,
  )
  try {
    for (let rest = await left(); rest > 0 && !signal.aborted; rest = await left()) {
      onProgress?.(total - rest, total)
      await Promise.race([sleep(pollMs), running.done])
    }
  } finally {
    await running.stop()
  }
  const rest = await left()
  if (rest === 0) await log.forget(group)
  return { records: total - rest, topics: written }
}

const pollMs = 50

/** A replay that is through has left its topics, but no group: the same name would write everything again. */
async function requireEmpty(log: Log, names: readonly string[]): Promise<void> {
  const used = (await log.topics()).find(
    ({ name, offsets }) => names.includes(name) && offsets.some(({ latest }) => latest > 0),
  )
  if (used) throw new Error(`topic "${used.name}" holds an earlier replay; choose another name with --into`)
}

const positionsOf = (committed: readonly Position[]): ReadonlyMap<number, number> =>
  new Map(committed.map(({ partition, offset }) => [partition, offset]))

async function rangeOf(log: Log, topic: string, from: Place | undefined, to: Place | undefined) {
  const offsets = (await log.topics()).find(({ name }) => name === topic)?.offsets ?? []
  const offsetOf = async (place: Place, partition: number) =>
    'time' in place ? log.offsetAt(topic, partition, place.time) : place.offset
  return Promise.all(
    offsets.map(async ({ earliest, latest }, partition) => ({
      partition,
      start: Math.max(earliest, from ? await offsetOf(from, partition) : earliest),
      end: Math.min(latest, to ? await offsetOf(to, partition) : latest),
    })),
  )
}
