import { type Calibration, softmax } from '../calibrate.ts'
import { highest } from '../linear.ts'
import type { Matrix, Product } from './products.ts'
import { measured, neighbours, probabilityInScope, type Scope } from './scope.ts'

/** One question that is asked of a text's vector. */
export interface DenseHead extends Pick<Calibration, 'sharpness'> {
  readonly name: string
  readonly labels: readonly string[]
  /** By feature, then label. */
  readonly weights: Float32Array
  readonly biases: Float32Array
  /** How much the linear tier's logarithms of probabilities count beside the margins; 0: not at all. */
  readonly mix: number
  /** Only where "none of these" is an answer. */
  readonly scope: Scope | undefined
  /** Examples that the scope is measured by; only where there is a scope. */
  readonly references: References | undefined
}

/** A few examples of each label. */
export interface References {
  readonly texts: readonly string[]
  /** Index of the label of each. */
  readonly labels: readonly number[]
  /** A column each. */
  readonly vectors: Matrix
}

/** All heads over one encoder. */
export interface DenseModel {
  /** Version of the encoder that they were fitted on. */
  readonly encoder: string
  readonly language: 'en' | 'zh'
  readonly dimensions: number
  readonly heads: readonly DenseHead[]
}

/** What a head makes of a text. */
export interface Answer {
  /** By label; they sum to 1. */
  readonly probabilities: Float64Array
  /** That it is one of the labels at all. */
  readonly inScope: number
}

/** What an answer comes to: the index of a label, or -1 for none of them, and how sure that is. */
export function verdictOf({ probabilities, inScope }: Answer): {
  readonly label: number
  readonly confidence: number
} {
  const label = highest(probabilities, 0, probabilities.length)
  const [confidence, none] = [inScope * probabilities[label]!, 1 - inScope]
  return none > confidence ? { label: -1, confidence: none } : { label, confidence }
}

/** A linear tier's probability as a prior: never so small that it alone decides. */
export const priorOf = (probability: number): number => Math.log(Math.max(probability, 1e-6))

/** The linear tier's logarithms of the probabilities of a head's labels, for a text. */
export type Prior = (text: number, label: number) => number

export async function answersOf(
  head: DenseHead,
  vectors: Matrix,
  prior: Prior,
  product: Product,
): Promise<readonly Answer[]> {
  const { references, labels } = head
  const margins = await marginsOf(head, vectors, product)
  const near = references && (await neighbours(vectors, references.vectors, product))
  return Array.from({ length: vectors.rows }, (_, text) => {
    const own = margins.slice(text * labels.length, (text + 1) * labels.length)
    return answerOf(head, own, near?.[text] ?? 0, (label) => prior(text, label))
  })
}

/** @param neighbour likeness to the fifth nearest reference */
export function answerOf(
  head: Pick<DenseHead, 'mix' | 'scope' | 'sharpness'>,
  margins: Float64Array,
  neighbour: number,
  prior: (label: number) => number,
): Answer {
  const { mix, scope } = head
  const value = scope && measured(scope.measure, margins, neighbour, scope.spread)
  const probabilities = mixed(margins, mix, prior)
  softmax(probabilities, 0, probabilities.length, head)
  return { probabilities, inScope: scope && value !== undefined ? probabilityInScope(scope, value) : 1 }
}

/** By text, then label. */
export async function marginsOf(
  { weights, biases }: Pick<DenseHead, 'weights' | 'biases'>,
  vectors: Matrix,
  product: Product,
): Promise<Float64Array> {
  const columns = biases.length
  const { values } = await product(vectors, { rows: vectors.columns, columns, values: weights })
  return Float64Array.from(values, (value, at) => value + (biases[at % columns] as number))
}

/** A text's margins with the linear tier's opinion added. */
export const mixed = (margins: Float64Array, mix: number, prior: (label: number) => number): Float64Array =>
  margins.map((margin, label) => (mix === 0 ? margin : margin + mix * prior(label)))
