import { type Calibration, softmax } from './calibrate.ts'
import { buckets, FeatureExtractor, maxFeatures } from './features.ts'
import type { Lexicon } from './lexicon.ts'

/** One question that the model answers about a text: its columns, and how their margins become probabilities. */
export interface Head extends Calibration {
  readonly name: string
  /** One a column. */
  readonly labels: readonly string[]
}

/**
 * A linear model over hashed features, all heads side by side, so that a feature of a text adds one
 * contiguous row. Weights are 8-bit, four to a 32-bit word, stored as 0 to 255 around 128.
 */
export interface LinearModel {
  readonly heads: readonly Head[]
  readonly lexicon: Lexicon
  /** The bucket of each row; row 0 belongs to none. */
  readonly bucketOfRow: Uint32Array
  /** By row; a row has a quarter as many words as there are columns, rounded up to an even number. */
  readonly words: Int32Array
  /** By column: what one step of a weight is worth. */
  readonly steps: Float32Array
  readonly biases: Float32Array
}

export const columnsOf = (heads: readonly Head[]): number =>
  heads.reduce((sum, { labels }) => sum + labels.length, 0)

/** Words of a row. Even, because words are read in pairs. */
export const wordsPerRow = (columns: number): number => 2 * Math.ceil(columns / 8)

/** The lower bytes of both halves of a word: two sums that can take 257 bytes each before they touch. */
const lanes = 0x00ff00ff
const flushAfter = 256

/** Reads texts with a model. One text at a time; it keeps nothing between them. */
export class Predictor {
  /** Of the last text: by column. A head with a background leaves the rest to 1 to it. */
  readonly probabilities: Float64Array
  readonly #model: LinearModel
  readonly #extractor: FeatureExtractor
  readonly #rowOf = new Uint32Array(buckets)
  /** Where the rows of the text's known features begin. */
  readonly #starts = new Uint32Array(maxFeatures)
  readonly #sums: Int32Array
  readonly #width: number

  constructor(model: LinearModel) {
    this.#model = model
    this.#extractor = new FeatureExtractor(model.lexicon)
    this.#width = wordsPerRow(model.biases.length)
    this.#sums = new Int32Array(4 * this.#width)
    this.probabilities = new Float64Array(model.biases.length)
    for (const [row, bucket] of model.bucketOfRow.entries()) this.#rowOf[bucket] = row
  }

  /** Fills `probabilities` for the text. */
  read(text: string): void {
    this.#extractor.extract(text)
    const known = this.#gather()
    this.#sums.fill(-128 * known)
    for (let from = 0; from < known; from += flushAfter) this.#add(from, Math.min(from + flushAfter, known))
    const { heads, steps, biases } = this.#model
    const unit = 1 / Math.sqrt(Math.max(1, this.#extractor.count))
    for (let c = 0; c < biases.length; c++)
      this.probabilities[c] = biases[c]! + unit * steps[c]! * this.#sums[c]!
    let column = 0
    for (const head of heads) {
      softmax(this.probabilities, column, column + head.labels.length, head)
      column += head.labels.length
    }
  }

  #gather(): number {
    const { ids, count } = this.#extractor
    let known = 0
    for (let i = 0; i < count; i++) {
      const row = this.#rowOf[ids[i] as number] as number
      if (row !== 0) this.#starts[known++] = row * this.#width
    }
    return known
  }

  /** Adds the rows of some features to the sums: two words, so eight columns, at a time in registers. */
  #add(from: number, to: number): void {
    const { words } = this.#model
    const starts = this.#starts
    const sums = this.#sums
    for (let word = 0; word < this.#width; word += 2) {
      let even = 0
      let odd = 0
      let nextEven = 0
      let nextOdd = 0
      for (let i = from; i < to; i++) {
        const at = (starts[i] as number) + word
        const four = words[at] as number
        const next = words[at + 1] as number
        even = (even + (four & lanes)) | 0
        odd = (odd + ((four >>> 8) & lanes)) | 0
        nextEven = (nextEven + (next & lanes)) | 0
        nextOdd = (nextOdd + ((next >>> 8) & lanes)) | 0
      }
      const column = 4 * word
      sums[column]! += even & 0xffff
      sums[column + 1]! += odd & 0xffff
      sums[column + 2]! += even >>> 16
      sums[column + 3]! += odd >>> 16
      sums[column + 4]! += nextEven & 0xffff
      sums[column + 5]! += nextOdd & 0xffff
      sums[column + 6]! += nextEven >>> 16
      sums[column + 7]! += nextOdd >>> 16
    }
  }
}

/** Index of the highest probability between two columns. */
export function highest(probabilities: Float64Array, first: number, end: number): number {
  let best = first
  for (let c = first + 1; c < end; c++) if (probabilities[c]! > probabilities[best]!) best = c
  return best
}
