import type { Separators } from '../svm.ts'
import { Descent } from './descent.ts'
import { type Matrix, type Product, transposed } from './products.ts'

export interface LogisticTask {
  /** A text a row. */
  readonly vectors: Matrix
  /** Class of each text. */
  readonly labels: Int32Array
  readonly classes: number
  /** Price of an error against that of large weights: higher fits closer. Default: 10 */
  readonly cost?: number
  /** Where to begin: what was found for much the same texts. */
  readonly from?: Separators
  /** At most so many steps. Default: 100 */
  readonly steps?: number
}

/** The gradient's largest element, a text, at which it is near enough. */
const near = 1e-5

/**
 * Multinomial logistic regression with L2, by L-BFGS (Liu and Nocedal, 1989). Weights come by feature, then class; biases
 * are not held down. Deterministic.
 */
export async function trainLogistic(task: LogisticTask, product: Product): Promise<Separators> {
  const { vectors, labels, classes, cost = 10, from, steps = 100 } = task
  const { rows, columns: features } = vectors
  const turned = transposed(vectors)
  const size = features * classes
  const point = new Float64Array(size + classes)
  if (from) {
    point.set(from.weights)
    point.set(from.biases, size)
  }

  /** Loss and gradient a text. */
  async function look(at: Float64Array): Promise<{ loss: number; gradient: Float64Array }> {
    const weights = { rows: features, columns: classes, values: Float32Array.from(at.subarray(0, size)) }
    const { values } = await product(vectors, weights)
    const gradient = new Float64Array(size + classes)
    let loss = 0
    for (let text = 0; text < rows; text++)
      loss += residuals(values, text, labels[text] as number, at, size, classes, gradient)
    const slopes = await product(turned, { rows, columns: classes, values })
    const shrink = 1 / (cost * rows)
    for (let i = 0; i < size; i++) {
      const weight = at[i] as number
      gradient[i] = (slopes.values[i] as number) / rows + shrink * weight
      loss += 0.5 * shrink * rows * weight * weight
    }
    for (let c = size; c < size + classes; c++) gradient[c]! /= rows
    return { loss: loss / rows, gradient }
  }

  const descent = new Descent(point, await look(point))
  for (let step = 0; step < steps && descent.steepest > near; step++) if (!(await descent.step(look))) break
  return {
    weights: Float32Array.from(descent.point.subarray(0, size)),
    biases: Float32Array.from(descent.point.subarray(size)),
  }
}

/**
 * Turns a text's margins into probabilities less the truth, in place, and adds them to the gradient of the biases.
 * @returns the text's loss
 */
function residuals(
  values: Float32Array,
  text: number,
  label: number,
  at: Float64Array,
  size: number,
  classes: number,
  gradient: Float64Array,
): number {
  const first = text * classes
  let top = -Infinity
  for (let c = 0; c < classes; c++) {
    const margin = (values[first + c] as number) + (at[size + c] as number)
    values[first + c] = margin
    if (margin > top) top = margin
  }
  const own = (values[first + label] as number) - top
  let total = 0
  for (let c = 0; c < classes; c++) {
    const mass = Math.exp((values[first + c] as number) - top)
    values[first + c] = mass
    total += mass
  }
  for (let c = 0; c < classes; c++) {
    const residual = (values[first + c] as number) / total - (c === label ? 1 : 0)
    values[first + c] = residual
    gradient[size + c]! += residual
  }
  return Math.log(total) - own
}
