import type { Sentiment } from '../schemas/generated/events.ts'
import { type Head, highest, type LinearModel, Predictor } from './linear.ts'
import { outOfScope, type Text, type Tier, type Understanding } from './tier.ts'

/** A polarity must be likelier than everything else together, else the text counts as neutral. */
const clear = 0.5

export interface LinearTier extends Tier {
  /** It answers every text, at once. */
  understand(texts: readonly Text[]): readonly Understanding[]
}

/**
 * The first tier: the linear model. Sure or not, it answers every text, so it can also be the last.
 * @param model with a head "intent" and a head "sentiment" of negative, neutral and positive
 */
export function linearTier(model: LinearModel): LinearTier {
  const predictor = new Predictor(model)
  const intents = headNamed(model, 'intent')
  const sentiments = headNamed(model, 'sentiment')
  const negative = columnOf(sentiments, 'negative')
  const positive = columnOf(sentiments, 'positive')
  const { probabilities } = predictor

  const understandOne = (text: string): Understanding => {
    predictor.read(text)
    const best = highest(probabilities, intents.first, intents.end)
    const none = intents.background === undefined ? 0 : 1 - sum(probabilities, intents.first, intents.end)
    const known = probabilities[best]! >= none
    const [minus, plus] = [probabilities[negative]!, probabilities[positive]!]
    const sentiment: Sentiment = plus > clear ? 'positive' : minus > clear ? 'negative' : 'neutral'
    return {
      intent: known ? intents.labels[best - intents.first]! : outOfScope,
      intentConfidence: known ? probabilities[best]! : none,
      sentiment,
      sentimentScore: plus - minus,
      tier: 'linear',
    }
  }
  return { name: 'linear', understand: (texts) => texts.map(({ text }) => understandOne(text)) }
}

interface PlacedHead extends Head {
  readonly first: number
  readonly end: number
}

function headNamed({ heads }: LinearModel, name: string): PlacedHead {
  let first = 0
  for (const head of heads) {
    if (head.name === name) return { ...head, first, end: first + head.labels.length }
    first += head.labels.length
  }
  throw new Error(`the model has no head "${name}", only ${heads.map((head) => `"${head.name}"`).join(', ')}`)
}

function columnOf({ labels, first }: PlacedHead, label: string): number {
  if (!labels.includes(label))
    throw new Error(`the model's sentiment knows no "${label}", only ${labels.join(', ')}`)
  return first + labels.indexOf(label)
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0
  for (let i = from; i < to; i++) total += values[i]!
  return total
}
