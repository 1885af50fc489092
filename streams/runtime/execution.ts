import { offsetAt, type Records } from '../../connectors/log/records.ts'
import type { Topic } from '../../schemas/topic.ts'
import { deadletters } from '../../schemas/topics.ts'
import { type Message, Rejection, reject } from '../message.ts'
import type { Stage, States } from '../stage.ts'
import { append, type OnStage, type Refused, runChain } from './chain.ts'
import { deadLetter } from './deadletters.ts'

/** What running a processor over a batch gave, before any of it is written. */
export interface Execution {
  readonly outputs: readonly (readonly [Topic<unknown>, readonly Message<unknown>[]])[]
  readonly total: number
  readonly refused: readonly Refused[]
}

export interface ExecutionSettings {
  readonly name: string
  readonly stages: readonly Stage[]
  readonly publish: ReadonlySet<string>
  readonly states: (stage: Stage) => States
  readonly now: () => number
  readonly onStage?: OnStage
}

export const recordId = (records: Records, index: number): string =>
  `${records.topic}/${records.partition}/${offsetAt(records, index)}`

/**
 * Runs the stages over decoded items. Writes nothing: the same items from the same states give the same result.
 * Items that are bound for a topic already go there.
 * @param poison messages that are known to make a stage throw, with the error; they are refused
 */
export async function execute(
  settings: ExecutionSettings,
  items: readonly (Message<unknown> | Rejection)[],
  poison: ReadonlyMap<string, string> = new Map(),
): Promise<Execution> {
  const now = settings.now()
  const refused: Refused[] = []
  const messages: Message<unknown>[] = []
  const moved = new Map<Topic<unknown>, Message<unknown>[]>()
  for (const item of items) {
    if (item instanceof Rejection) refused.push({ rejection: item, stage: 'decode' })
    else {
      const reason =
        poison.size > 0 ? poison.get(recordId(item.origin.records, item.origin.index)) : undefined
      if (reason === undefined) {
        if (item.topic) append(moved, item.topic, item)
        else messages.push(item)
      } else refused.push({ rejection: reject(item, reason, 'POISON'), stage: settings.name })
    }
  }
  const result = await runChain(
    settings.stages,
    messages,
    ({ origin }) => origin.records.topic,
    settings.publish,
    (stage) => ({ now, states: settings.states(stage) }),
    settings.onStage,
  )
  refused.push(...result.refused)
  const letters = refused.map(({ rejection, stage }) => deadLetter(rejection, stage, now))
  return {
    outputs: [...moved, ...result.outputs, ...(letters.length > 0 ? [[deadletters, letters] as const] : [])],
    total: items.length,
    refused,
  }
}
