import type { Sentiment } from '../../schemas/generated/events.ts'
import type { Reading } from './reading.ts'
import { type Emotion, emotions } from './words.ts'

/** What the tier that answered has made of the same text. */
export interface Mood {
  readonly sentiment: Sentiment
  /** -1 (negative) to 1 (positive) */
  readonly sentimentScore: number
}

/** One strong word, or a weak one that nothing contradicts. */
const enough = 0.5
/** What speaks against the sentiment of the whole counts for so much: thanks may be irony, "angry birds" a game. */
const contradicted = 0.45
/** Loud and negative is anger, also where no word says so. */
const loudAnger = 0.7

const glad: ReadonlySet<Emotion> = new Set(['gratitude', 'joy'])

/**
 * The emotion that the most words speak for, with the sentiment's consent. Six emotions: Ekman's (1992) without
 * disgust, which in what customers write is anger, and with gratitude, as GoEmotions (Demszky et al., ACL 2020) has it.
 */
export function emotionOf({ felt, volume }: Reading, { sentiment, sentimentScore }: Mood): Emotion | 'none' {
  let best: Emotion | 'none' = 'none'
  let most = enough
  for (const [index, emotion] of emotions.entries()) {
    const contrary = emotion === 'surprise' ? undefined : glad.has(emotion) ? 'negative' : 'positive'
    let weight = felt[index]! * (sentiment === contrary ? contradicted : 1)
    if (emotion === 'anger' && sentiment === 'negative') weight += loudAnger * volume * -sentimentScore
    if (weight > most) {
      most = weight
      best = emotion
    }
  }
  return best
}
