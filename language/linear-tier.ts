import type { Sentiment } from '../schemas/generated/events.ts'
import { alternativesTo } from './alternatives.ts'
import { type Head, highest, type LinearModel, Predictor } from './linear.ts'
import { outOfScope, type Text, type Tier, type Understanding } from './tier.ts'

/** A polarity must be likelier than everything else together, else the text counts as neutral. */
const clear = 0.5

/** By language, how sure each head must be that the tier may answer, in the model's order; undefined: it always may. */
export type Least = (language: string) => readonly number[] | undefined

export interface LinearOptions {
  /** Of what was taught. */
  readonly version?: string
  /** Intents that are no further behind the likeliest are told of. */
  readonly margin?: number
}

type Labels = Pick<Understanding, 'labels' | 'labelConfidences'>

/** What a head of a user's own says of a text. */
interface Told {
  readonly head: string
  readonly label: string
  readonly confidence: number
}

export interface LinearTier extends Tier {
  /** It answers every text, at once. */
  understand(texts: readonly Text[]): readonly Understanding[]
}

const noLabels: Labels = { labels: {}, labelConfidences: {} }

/**
 * The first tier: the linear model. Where nobody says when it is sure, it answers every text, and can be the last.
 * @param model with a head "intent" and a head "sentiment" of negative, neutral and positive
 */
export function linearTier(model: LinearModel, options?: LinearOptions): LinearTier
export function linearTier(model: LinearModel, options: LinearOptions, least: Least): Tier
export function linearTier(
  model: LinearModel,
  { version = '', margin = 0 }: LinearOptions = {},
  least: Least = () => undefined,
): Tier {
  const predictor = new Predictor(model)
  const heads = placedHeads(model)
  const intents = headNamed(model, 'intent')
  const sentiments = headNamed(model, 'sentiment')
  const others = heads.filter(isOwn)
  const negative = columnOf(sentiments, 'negative')
  const positive = columnOf(sentiments, 'positive')
  const { probabilities } = predictor

  const isSure = (sureness: readonly number[]) =>
    heads.every((head, at) => verdictOf(head, probabilities).confidence >= sureness[at]!)

  const understandOne = ({ text, language }: Text): Understanding | undefined => {
    predictor.read(text)
    const sureness = least(language)
    if (sureness && !isSure(sureness)) return undefined
    const { best, known, confidence } = verdictOf(intents, probabilities)
    const { first, end, labels } = intents
    return {
      intent: known ? labels[best - first]! : outOfScope,
      intentConfidence: confidence,
      alternatives: known
        ? alternativesTo(best - first, probabilities.subarray(first, end), labels, margin)
        : [],
      ...sentimentOf(probabilities[negative]!, probabilities[positive]!),
      ...(others.length === 0 ? noLabels : labelsOf(toldBy(others, probabilities))),
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

/** Whether a head is one of a user's own, beside the two that every text has. */
export const isOwn = ({ name }: { readonly name: string }): boolean =>
  name !== 'intent' && name !== 'sentiment'

/** A head with the columns of its labels. */
export interface PlacedHead extends Head {
  readonly first: number
  readonly end: number
}

export function placedHeads({ heads }: Pick<LinearModel, 'heads'>): readonly PlacedHead[] {
  let end = 0
  return heads.map((head) => {
    const first = end
    end += head.labels.length
    return { ...head, first, end }
  })
}

/** @throws where the model has no such head */
export function headNamed(model: Pick<LinearModel, 'heads'>, name: string): PlacedHead {
  const head = placedHeads(model).find((one) => one.name === name)
  if (head) return head
  throw new Error(
    `the model has no head "${name}", only ${model.heads.map((one) => `"${one.name}"`).join(', ')}`,
  )
}

/** What a head makes of a text: the likeliest column, whether it is that at all, and how sure that is. */
export function verdictOf({ first, end, background }: PlacedHead, probabilities: Float64Array) {
  const best = highest(probabilities, first, end)
  const none = background === undefined ? 0 : 1 - sum(probabilities, first, end)
  const known = probabilities[best]! >= none
  return { best, known, confidence: known ? probabilities[best]! : none }
}

/** What heads say by the probabilities of their labels. */
export const toldBy = (heads: readonly PlacedHead[], probabilities: Float64Array): readonly Told[] =>
  heads.map((head) => {
    const { best, known, confidence } = verdictOf(head, probabilities)
    return { head: head.name, label: known ? head.labels[best - head.first]! : outOfScope, confidence }
  })

/** As an understanding has it; of what a head says twice, the last. */
export const labelsOf = (told: readonly Told[]): Labels => ({
  labels: Object.fromEntries(told.map(({ head, label }) => [head, label])),
  labelConfidences: Object.fromEntries(told.map(({ head, confidence }) => [head, confidence])),
})

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
