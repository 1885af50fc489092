import { decodeContainer, encodeContainer } from './container.ts'
import { Lexicon } from './lexicon.ts'
import { columnsOf, type Head, type LinearModel, wordsPerRow } from './linear.ts'

/** Numbers are 32-bit, little-endian; arrays of steps, biases, buckets and words follow each other. */
const format = {
  magic: 0x4e494c4d,
  version: 1,
  what: 'a Murmur model',
  remedy: 'teach it again with "murmur language train"',
} as const

interface Header {
  readonly heads: readonly Head[]
  readonly lexicon: { readonly positive: readonly string[]; readonly negative: readonly string[] }
  readonly rows: number
}

/** The model as bytes: equal models give equal bytes. */
export function encodeModel({ heads, lexicon, bucketOfRow, words, steps, biases }: LinearModel): Buffer {
  const { positive, negative } = lexicon
  const header: Header = { heads, lexicon: { positive, negative }, rows: bucketOfRow.length }
  return encodeContainer(format, header, [steps, biases, bucketOfRow, words])
}

/** @throws where the bytes are no model, a damaged one, or one of a newer version */
export function decodeModel(bytes: Buffer, name = 'the model'): LinearModel {
  const { header, body } = decodeContainer<Header>(format, bytes, name)
  const { heads, lexicon, rows } = header
  const columns = columnsOf(heads)
  return {
    heads,
    lexicon: new Lexicon(lexicon.positive, lexicon.negative),
    steps: new Float32Array(body, 0, columns),
    biases: new Float32Array(body, 4 * columns, columns),
    bucketOfRow: new Uint32Array(body, 8 * columns, rows),
    words: new Int32Array(body, 8 * columns + 4 * rows, rows * wordsPerRow(columns)),
  }
}
