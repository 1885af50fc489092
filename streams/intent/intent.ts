import { type Cascade, cascade } from '../../language/cascade.ts'
import { noSignals, type ReadSignals } from '../../language/signals/signals.ts'
import type { Tier, Understanding } from '../../language/tier.ts'
import { type Cleaned, type Understood, understoodFrom } from '../../schemas/generated/events.ts'
import { cleaned, understood } from '../../schemas/topics.ts'
import type { Message } from '../message.ts'
import { batch, type Stage } from '../stage.ts'

export interface IntentOptions {
  /** Loads the tiers, once, before the first batch; the last of them answers every text. */
  readonly tiers: () => Promise<readonly Tier[]>
  /** Reads emotion, urgency and aspects of what users say; unless told, nothing is read. */
  readonly signals?: ReadSignals
}

/** Adds intent, sentiment and signals to each utterance, a whole batch at a time. */
export function intent({ tiers, signals = () => noSignals }: IntentOptions): Stage {
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
        ? answers.then((made) => withAnswers(messages, made, signals))
        : withAnswers(messages, answers, signals)
    },
  )
}

const withAnswers = (
  messages: readonly Message<Cleaned>[],
  answers: readonly Understanding[],
  signals: ReadSignals,
) => messages.map((message, index) => message.as(understand(message.value, answers[index]!, signals)))

/** Field by field, as `understoodFrom`: this runs for every message. */
function understand(cleaned: Cleaned, answer: Understanding, signals: ReadSignals): Understood {
  const { role, cleanText, language } = cleaned
  const { emotion, urgency, aspects } = role === 'user' ? signals(cleanText, language, answer) : noSignals
  return understoodFrom(cleaned, {
    intent: answer.intent,
    intentConfidence: answer.intentConfidence,
    sentiment: answer.sentiment,
    sentimentScore: answer.sentimentScore,
    tier: answer.tier,
    modelVersion: answer.model,
    alternatives: answer.alternatives,
    labels: answer.labels,
    emotion,
    urgency,
    aspects,
  })
}
