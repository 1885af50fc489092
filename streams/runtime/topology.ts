import type { Topic } from '../../schemas/topic.ts'
import { deadletters } from '../../schemas/topics.ts'
import { inputTopics } from './chain.ts'
import type { Processor } from './processor.ts'

/** Processors that hang together by the topics they read and write. */
export interface Topology {
  readonly processors: readonly Processor[]
  /** Every topic of the processors, and `deadletters`. */
  readonly topics: readonly Topic<unknown>[]
}

/**
 * Checks that processors make sense together.
 * @throws naming the processor or stage at fault, and the remedy
 */
export function topology(processors: readonly Processor[]): Topology {
  const names = new Set<string>()
  const topics = new Map<string, Topic<unknown>>()
  const learn = (topic: Topic<unknown>) => {
    const known = topics.get(topic.name)
    if (known && !sameType(known, topic)) {
      throw new Error(
        `topic "${topic.name}" is declared twice, with two schemas or validators; declare it once and import it`,
      )
    }
    topics.set(topic.name, topic)
  }
  learn(deadletters)
  for (const processor of processors) {
    if (names.has(processor.name)) throw new Error(`two processors are named "${processor.name}"; rename one`)
    names.add(processor.name)
    checkStages(processor)
    for (const { from, to, also } of processor.stages) for (const topic of [from, to, ...also]) learn(topic)
  }
  return { processors, topics: [...topics.values()] }
}

const sameType = (one: Topic<unknown>, other: Topic<unknown>): boolean =>
  one.format === 'avro' && other.format === 'avro'
    ? JSON.stringify(one.codec.schema) === JSON.stringify(other.codec.schema)
    : one.codec === other.codec

function checkStages({ name, stages }: Processor): void {
  if (stages.length === 0) throw new Error(`processor "${name}" has no stages; give it one, or leave it out`)
  const names = new Set<string>()
  for (const stage of stages) {
    if (!/^[\w.-]+$/.test(stage.name)) {
      throw new Error(
        `stage name "${stage.name}" holds more than letters, digits, "_", "-" and "."; rename it`,
      )
    }
    if (names.has(stage.name))
      throw new Error(`processor "${name}" has two stages "${stage.name}"; rename one`)
    names.add(stage.name)
  }
  const inputs = inputTopics(stages)
  const keyed = stages.find(({ state }) => state !== undefined)
  if (keyed && inputs.length > 1) {
    const list = inputs.map((topic) => `"${topic.name}"`).join(' and ')
    throw new Error(
      `processor "${name}" reads ${list}, but its stage "${keyed.name}" keeps state, which belongs to the partitions of one topic; give the other stages a processor of their own`,
    )
  }
}
