import type { Language } from '../../language/language.ts'
import type { Score } from '../../language/signals/aspects.ts'
import { noSignals, type ReadSignals } from '../../language/signals/signals.ts'
import type { Understanding } from '../../language/tier.ts'
import { type Cleaned, type Understood, understoodFrom } from '../../schemas/generated/events.ts'
import { cleaned, understood } from '../../schemas/topics.ts'
import type { Message } from '../message.ts'
import { batch, type Stage } from '../stage.ts'

export interface IntentOptions {
  /** Opens what understands texts, once, before the first batch. */
  readonly open: () => Promise<Language>
  /** Makes what reads emotion, urgency and aspects of what users say; unless told, nothing is read. */
  readonly signals?: (score: Score) => ReadSignals
}

/** Adds intent, sentiment and signals to each utterance, a whole batch at a time. */
export function intent({ open, signals = () => () => noSignals }: IntentOptions): Stage {
  let language: Language | undefined
  let read: ReadSignals
  return batch(
    {
      name: 'intent',
      from: cleaned,
      to: understood,
      open: async () => {
        language = await open()
        read = signals(language.score)
      },
      close: async () => {
        const opened = language
        language = undefined
        await opened?.close()
      },
      vitals: () => (language ? vitalsOf(language) : {}),
    },
    (messages) => {
      if (!language) throw new Error('the intent stage has not been opened')
      const texts = messages.map(({ value }) => ({ text: value.cleanText, language: value.language }))
      const answers = language.understand(texts)
      return answers instanceof Promise
        ? answers.then((made) => withAnswers(messages, made, read))
        : withAnswers(messages, answers, read)
    },
  )
}

const vitalsOf = ({ version, answered, shadowed, faults }: Language) => ({
  version,
  tallies: { tier: Object.fromEntries(answered), shadow: { ...shadowed } },
  faults,
})

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
    labelConfidences: answer.labelConfidences,
    emotion,
    urgency,
    aspects,
  })
}
