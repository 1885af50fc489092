import type { Sentiment } from '../schemas/generated/events.ts'
import { type Head, highest, type LinearModel, Predictor } from './linear.ts'
import { outOfScope, type Text, type Tier, type Understanding } from './tier.ts'

/** A polarity must be likelier than everything else together, else the text counts as neutral. */
const clear = 0.5

/** Whether the tier may answer a text: sure enough of both, by language. */
export type Sure = (language: string, intentConfidence: number, sentimentConfidence: number) => boolean

export interface LinearTier extends Tier {
  /** It answers every text, at once. */
  understand(texts: readonly Text[]): readonly Understanding[]
}

/**
 * The first tier: the linear model. Where nobody says when it is sure, it answers every text, and can be the last.
 * @param model with a head "intent" and a head "sentiment" of negative, neutral and positive
 * @param version of what was taught; empty: what ships
 */
export function linearTier(model: LinearModel, version?: string): LinearTier
export function linearTier(model: LinearModel, version: string, sure: Sure): Tier
export function linearTier(model: LinearModel, version = '', sure: Sure = () => true): Tier {
  const predictor = new Predictor(model)
  const intents = headNamed(model, 'intent')
  const sentiments = headNamed(model, 'sentiment')
  const negative = columnOf(sentiments, 'negative')
  const positive = columnOf(sentiments, 'positive')
  const { probabilities } = predictor

  const understandOne = ({ text, language }: Text): Understanding | undefined => {
    predictor.read(text)
    const best = highest(probabilities, intents.first, intents.end)
    const none = intents.background === undefined ? 0 : 1 - sum(probabilities, intents.first, intents.end)
    const known = probabilities[best]! >= none
    const confidence = known ? probabilities[best]! : none
    const mood = probabilities[highest(probabilities, sentiments.first, sentiments.end)]!
    if (!sure(language, confidence, mood)) return undefined
    return {
      intent: known ? intents.labels[best - intents.first]! : outOfScope,
      intentConfidence: confidence,
      alternatives: [],
      ...sentimentOf(probabilities[negative]!, probabilities[positive]!),
      labels: {},
      tier: 'linear',
      model: version,
    }
  }
  return { name: 'linear', understand: (texts) => texts.map(understandOne) }
}

export function sentimentOf(
  minus: number,
  plus: number,
): { readonly sentiment: Sentiment; readonly sentimentScore: number } {
  const sentiment: Sentiment = plus > clear ? 'positive' : minus > clear ? 'negative' : 'neutral'
  return { sentiment, sentimentScore: plus - minus }
}

interface PlacedHead extends Head {
  readonly first: number
  readonly end: number
}

/** @throws where the model has no such head */
export function headNamed({ heads }: Pick<LinearModel, 'heads'>, name: string): PlacedHead {
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
