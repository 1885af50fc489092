import type { Matrix, Product } from './products.ts'

/**
 * How well a text fits what a head knows, by measures that are large for texts in scope:
 * - `energy`: how much mass its margins have in all (Liu et al., "Energy-based Out-of-distribution Detection", 2020)
 * - `margin`: the largest margin
 * - `neighbour`: how near the fifth nearest reference is (Sun et al., "Out-of-Distribution Detection with Deep Nearest
 *   Neighbors", 2022)
 * - `both`: the largest margin and that neighbour, each by its spread
 */
export const measures = ['energy', 'margin', 'neighbour', 'both'] as const
export type Measure = (typeof measures)[number]

/** Chosen on validation: a text is in scope with probability 1 / (1 + exp(-slope · (value - middle))). */
export interface Scope {
  readonly measure: Measure
  readonly slope: number
  readonly middle: number
  /** Of `margin` and `neighbour`, mean and deviation over texts in scope. */
  readonly spread: readonly [margin: Spread, neighbour: Spread]
}

export interface Spread {
  readonly mean: number
  readonly deviation: number
}

const nth = 5
/** References a class: more of them gain little, and each costs a product. */
const referencesPerClass = 16

/** A few texts of each class, by their rows. */
export function referencesOf(labels: Int32Array): readonly number[] {
  const taken = new Map<number, number>()
  return [...labels.keys()].filter((row) => {
    const label = labels[row] as number
    const before = taken.get(label) ?? 0
    if (label < 0 || before >= referencesPerClass) return false
    taken.set(label, before + 1)
    return true
  })
}

/**
 * The likeness, -1 to 1, of each text to its fifth nearest reference.
 * @param references as columns, so that one product gives the likeness of all texts to all of them
 */
export async function neighbours(
  vectors: Matrix,
  references: Matrix,
  product: Product,
): Promise<Float64Array> {
  const { values, columns } = await product(vectors, references)
  return Float64Array.from({ length: vectors.rows }, (_, row) =>
    nthLargest(values.subarray(row * columns, (row + 1) * columns)),
  )
}

function nthLargest(values: Float32Array): number {
  const top = new Float64Array(nth).fill(-1)
  for (const value of values) {
    if (value <= (top[nth - 1] as number)) continue
    let at = nth - 1
    for (; at > 0 && (top[at - 1] as number) < value; at--) top[at] = top[at - 1] as number
    top[at] = value
  }
  return top[nth - 1] as number
}

/** @param margins of a text, one a class @param neighbour likeness to its fifth nearest reference */
export function measured(
  measure: Measure,
  margins: Float64Array,
  neighbour: number,
  [margin, near]: Scope['spread'],
): number {
  if (measure === 'neighbour') return neighbour
  let top = -Infinity
  for (const one of margins) if (one > top) top = one
  if (measure === 'margin') return top
  if (measure === 'both')
    return (top - margin.mean) / margin.deviation + (neighbour - near.mean) / near.deviation
  let mass = 0
  for (const one of margins) mass += Math.exp(one - top)
  return top + Math.log(mass)
}

export const probabilityInScope = ({ slope, middle }: Scope, value: number): number =>
  1 / (1 + Math.exp(-slope * (value - middle)))
