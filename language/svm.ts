import type { Dataset } from './dataset.ts'
import { randomFrom, shuffled } from './random.ts'

/** A linear separator per class. */
export interface Separators {
  /** By feature, then class. */
  readonly weights: Float32Array
  /** By class. */
  readonly biases: Float32Array
}

export interface SvmTask {
  readonly data: Dataset
  /** Texts of the data to train on. */
  readonly chosen: readonly number[]
  /** Class of each chosen text; -1: of none, a negative example of every class. */
  readonly labels: readonly number[]
  readonly classes: number
  /** What each feature counts; folded into the weights. */
  readonly scale: Float32Array
  /** Price of a margin violation: higher fits closer. */
  readonly cost: number
}

const epochs = 10
/** In all other epochs, a text visits only the classes that it was near in the one before of these. */
const fullEpochs = new Set([0, 1, epochs - 1])
/** How far from its margin a class is when it is left alone until the next of them. */
const far = 0.3

/**
 * Separates each class from the rest, with squared hinge loss and L2, by dual coordinate descent (Hsieh et al.,
 * "A dual coordinate descent method for large-scale linear SVM", 2008), all classes of a text at once. A text's
 * vector is the scale of each of its features, over the root of their number. Deterministic.
 */
export function trainSvm({ data, chosen, labels, classes, scale, cost }: SvmTask): Separators {
  const separators = {
    weights: new Float32Array(data.bucketOfRow.length * classes),
    biases: new Float32Array(classes),
  }
  const alphas = new Float32Array(chosen.length * classes)
  const found = new Float64Array(classes)
  const moved = new Int32Array(classes)
  const moves = new Float64Array(classes)
  const diagonal = 1 / (2 * cost)
  const curvatures = chosen.map((text) => squaredNorm(data, text, scale) + 1 + diagonal)
  let order = [...chosen.keys()]
  const random = randomFrom(17)
  const everyClass = all(classes)
  // Soon most classes are far from most texts, and stay where they are
  const near: Int32Array[] = []
  const close = new Int32Array(classes)

  const visit = (position: number, isFull: boolean): void => {
    const text = chosen[position] as number
    const visited = isFull ? everyClass : near[position]!
    addMargins(data, text, separators, scale, visited, found)
    let [count, kept] = [0, 0]
    for (let i = 0; i < visited.length; i++) {
      const c = visited[i]!
      const sign = labels[position] === c ? 1 : -1
      const at = position * classes + c
      const alpha = alphas[at]!
      const gradient = sign * found[c]! - 1 + alpha * diagonal
      alphas[at] = Math.max(0, alpha - gradient / curvatures[position]!)
      if (gradient < far || alphas[at]! > 0) close[kept++] = c
      if (alphas[at] === alpha) continue
      moves[count] = (alphas[at]! - alpha) * sign
      moved[count++] = c
    }
    if (isFull) near[position] = close.slice(0, kept)
    if (count > 0) move(data, text, separators, scale, moved.subarray(0, count), moves)
  }

  for (let epoch = 0; epoch < epochs; epoch++) {
    order = shuffled(order, random)
    for (const position of order) visit(position, fullEpochs.has(epoch))
  }
  for (let at = 0; at < separators.weights.length; at++)
    separators.weights[at]! *= scale[Math.floor(at / classes)]!
  return separators
}

/** The margin of each class for a text, by trained separators. */
export function marginsOf(data: Dataset, text: number, separators: Separators): Float64Array {
  const margins = new Float64Array(separators.biases.length)
  addMargins(data, text, separators, undefined, all(margins.length), margins)
  return margins
}

const all = (classes: number): Int32Array => Int32Array.from({ length: classes }, (_, c) => c)

/** Of the chosen classes. */
function addMargins(
  { features, starts }: Dataset,
  text: number,
  { weights, biases }: Separators,
  scale: Float32Array | undefined,
  chosen: Int32Array,
  margins: Float64Array,
): void {
  const classes = biases.length
  const from = starts[text]!
  const to = starts[text + 1]!
  const unit = 1 / Math.sqrt(Math.max(1, to - from))
  for (let j = 0; j < chosen.length; j++) margins[chosen[j]!] = biases[chosen[j]!]!
  for (let i = from; i < to; i++) {
    const value = unit * (scale ? scale[features[i]!]! : 1)
    const row = features[i]! * classes
    for (let j = 0; j < chosen.length; j++) margins[chosen[j]!]! += value * weights[row + chosen[j]!]!
  }
}

function move(
  { features, starts }: Dataset,
  text: number,
  { weights, biases }: Separators,
  scale: Float32Array,
  moved: Int32Array,
  moves: Float64Array,
): void {
  const classes = biases.length
  const from = starts[text]!
  const to = starts[text + 1]!
  const unit = 1 / Math.sqrt(Math.max(1, to - from))
  for (let i = 0; i < moved.length; i++) biases[moved[i]!]! += moves[i]!
  for (let i = from; i < to; i++) {
    const value = unit * scale[features[i]!]!
    const row = features[i]! * classes
    for (let j = 0; j < moved.length; j++) weights[row + moved[j]!]! += value * moves[j]!
  }
}

function squaredNorm({ features, starts }: Dataset, text: number, scale: Float32Array): number {
  const own = features.subarray(starts[text], starts[text + 1])
  return own.reduce((sum, feature) => sum + scale[feature]! ** 2, 0) / Math.max(1, own.length)
}
