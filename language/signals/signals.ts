import type { AspectSentiment } from '../../schemas/generated/events.ts'
import { type AspectTerms, aspectReader, type Score } from './aspects.ts'
import { emotionOf, type Mood } from './emotion.ts'
import { readerOf } from './reading.ts'
import { shopAspects } from './shop.ts'
import { urgencyOf } from './urgency.ts'
import type { Emotion } from './words.ts'

export interface SignalSettings {
  /** What people may speak of, by name. Default: what they say of a shop. */
  readonly aspects?: AspectTerms | undefined
  /** Words that press, beside ours, with how much (0 to 1); 0 takes one of ours away. Default: none. */
  readonly urgency?: Readonly<Record<string, number>>
  /** Called for the clauses of a text that has several and mentions an aspect. */
  readonly score: Score
}

/** What a text shows beside intent and sentiment. */
export interface Signals {
  readonly emotion: Emotion | 'none'
  /** How much the user presses, 0 to 1. */
  readonly urgency: number
  readonly aspects: readonly AspectSentiment[]
}

/** Reads one text, whose sentiment is known. The same text gives the same, in microseconds. */
export type ReadSignals = (text: string, language: string, mood: Mood) => Signals

/** What is told of a text that nobody reads so: a bot's, an agent's. */
export const noSignals: Signals = { emotion: 'none', urgency: 0, aspects: [] }

/** Makes the reader of emotion, urgency and aspects. */
export function signalsOf({ aspects = shopAspects, urgency, score }: SignalSettings): ReadSignals {
  const read = readerOf(urgency)
  const aspectsOf = aspectReader(aspects, score)
  return (text, language, mood) => {
    const reading = read(text)
    const emotion = emotionOf(reading, mood)
    return {
      emotion,
      urgency: urgencyOf(reading, emotion, mood),
      aspects: aspectsOf(text, language, mood),
    }
  }
}
