import { type Cascade, cascade } from '../../language/cascade.ts'
import type { Tier, Understanding } from '../../language/tier.ts'
import { type Cleaned, understoodFrom } from '../../schemas/generated/events.ts'
import { cleaned, understood } from '../../schemas/topics.ts'
import type { Message } from '../message.ts'
import { batch, type Stage } from '../stage.ts'

export interface IntentOptions {
  /** Loads the tiers, once, before the first batch; the last of them answers every text. */
  readonly tiers: () => Promise<readonly Tier[]>
}

/** Adds intent and sentiment to each utterance, a whole batch at a time. */
export function intent({ tiers }: IntentOptions): Stage {
  let model: Cascade | undefined
  return batch(
    {
      name: 'intent',
      from: cleaned,
      to: understood,
      open: async () => {
        model = cascade(await tiers())
      },
    },
    (messages) => {
      if (!model) throw new Error('the intent stage has not been opened')
      const texts = messages.map(({ value }) => ({ text: value.cleanText, language: value.language }))
      const answers = model.understand(texts)
      return answers instanceof Promise
        ? answers.then((made) => withAnswers(messages, made))
        : withAnswers(messages, answers)
    },
  )
}

const withAnswers = (messages: readonly Message<Cleaned>[], answers: readonly Understanding[]) =>
  messages.map((message, index) => message.as(understoodFrom(message.value, answers[index]!)))
