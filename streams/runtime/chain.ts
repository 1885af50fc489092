import type { Topic } from '../../schemas/topic.ts'
import { type Message, Rejection } from '../message.ts'
import type { Context, Stage } from '../stage.ts'

export interface ChainResult {
  /** What leaves the processor, by topic, in order. */
  readonly outputs: ReadonlyMap<Topic<unknown>, readonly Message<unknown>[]>
  readonly refused: readonly Refused[]
}

/** A rejection, and the stage that it came from. */
export interface Refused {
  readonly rejection: Rejection
  readonly stage: string
}

/** Called with the time that a stage took for a batch, in milliseconds. */
export type OnStage = (stage: string, messages: number, ms: number) => void

/**
 * Runs the stages of one processor over a batch. A stage's outputs go in memory to the later stages that read
 * their topic; what no later stage reads, or what is to be published, leaves the processor.
 */
export async function runChain(
  stages: readonly Stage[],
  inputs: readonly Message<unknown>[],
  inputTopic: (message: Message<unknown>) => string,
  publish: ReadonlySet<string>,
  contextFor: (stage: Stage) => Context,
  onStage: OnStage = () => {},
): Promise<ChainResult> {
  const waiting = new Map<string, Message<unknown>[]>()
  const outputs = new Map<Topic<unknown>, Message<unknown>[]>()
  const refused: Refused[] = []
  for (const message of inputs) append(waiting, inputTopic(message), message)
  for (const [index, stage] of stages.entries()) {
    const messages = waiting.get(stage.from.name) ?? []
    if (messages.length === 0) continue
    const later = new Set(stages.slice(index + 1).map(({ from }) => from.name))
    const started = performance.now()
    const made = await stage.process(messages, contextFor(stage))
    onStage(stage.name, messages.length, performance.now() - started)
    for (const output of made) {
      if (output instanceof Rejection) {
        refused.push({ rejection: output, stage: stage.name })
        continue
      }
      const topic = output.topic ?? stage.to
      if (later.has(topic.name)) append(waiting, topic.name, output)
      if (!later.has(topic.name) || publish.has(topic.name)) append(outputs, topic, output)
    }
  }
  return { outputs, refused }
}

/** Adds to the list of a key. */
export function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}

/** The topics that a processor writes: those that no later stage takes in memory, and those to be published. */
export function outputTopics(
  stages: readonly Stage[],
  publish: readonly string[] = [],
): readonly Topic<unknown>[] {
  const outputs = new Map<string, Topic<unknown>>()
  for (const [index, { to, also }] of stages.entries()) {
    const later = new Set(stages.slice(index + 1).map(({ from }) => from.name))
    for (const topic of [to, ...also]) {
      if (!later.has(topic.name) || publish.includes(topic.name)) outputs.set(topic.name, topic)
    }
  }
  return [...outputs.values()]
}

/** The topics that a processor reads from the log: those that none of its earlier stages hands over in memory. */
export function inputTopics(stages: readonly Stage[]): readonly Topic<unknown>[] {
  const made = new Set<string>()
  const inputs = new Map<string, Topic<unknown>>()
  for (const { from, to, also } of stages) {
    if (!made.has(from.name)) inputs.set(from.name, from)
    for (const topic of [to, ...also]) made.add(topic.name)
  }
  return [...inputs.values()]
}
