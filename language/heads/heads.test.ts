import { beforeAll, describe, expect, test } from 'vitest'
import { randomFrom } from '../random.ts'
import { decodeHeads, encodeHeads } from './bundle.ts'
import { areaUnderCurve, chooseScope } from './choose-scope.ts'
import { answersOf, type DenseHead, type DenseModel, type References, verdictOf } from './dense.ts'
import { trainLogistic } from './logistic.ts'
import { type Matrix, matrixProduct, type Product, rowsOf, transposed } from './products.ts'
import { neighbours, probabilityInScope, referencesOf } from './scope.ts'

const random = randomFrom(3)
const [classes, features, each] = [3, 6, 30]

/** Texts as points around one corner a class; the last class's index is -1 where it stands for strangers. */
function points(count: number, spread: number): { vectors: Matrix; labels: Int32Array } {
  const labels = Int32Array.from({ length: count * classes }, (_, row) => row % classes)
  const values = Float32Array.from({ length: labels.length * features }, (_, at) => {
    const own = at % features === labels[Math.floor(at / features)] ? 1 : 0
    return own + spread * (random() - 0.5)
  })
  return { vectors: { rows: labels.length, columns: features, values }, labels }
}

let product: Product
beforeAll(async () => {
  product = await matrixProduct()
})

describe('products', () => {
  test('are those of matrices', async () => {
    const a = { rows: 2, columns: 3, values: Float32Array.of(1, 2, 3, 4, 5, 6) }
    const b = { rows: 3, columns: 1, values: Float32Array.of(1, 0, -1) }
    expect([...(await product(a, b)).values]).toEqual([-2, -2])
    expect([...transposed(a).values]).toEqual([1, 4, 2, 5, 3, 6])
    expect([...rowsOf(a, [1, 0, 1]).values]).toEqual([4, 5, 6, 1, 2, 3, 4, 5, 6])
  })
})

describe('logistic regression', () => {
  test('separates what can be separated, and says the same each time', async () => {
    const { vectors, labels } = points(each, 0.8)
    const train = () => trainLogistic({ vectors, labels, classes }, product)
    const [first, again] = [await train(), await train()]
    expect(first).toEqual(again)
    const head = {
      name: 'x',
      labels: ['a', 'b', 'c'],
      ...first,
      mix: 0,
      sharpness: 1,
      scope: undefined,
      references: undefined,
    }
    const answers = await answersOf(head, vectors, () => 0, product)
    for (const [text, { probabilities, inScope }] of answers.entries()) {
      expect(probabilities.indexOf(Math.max(...probabilities))).toBe(labels[text])
      expect(probabilities.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1)
      expect(inScope).toBe(1)
    }
  })

  test('is where the gradient vanishes: sums of residuals by class are zero', async () => {
    const { vectors, labels } = points(each, 3)
    const found = await trainLogistic({ vectors, labels, classes }, product)
    const head = {
      name: 'x',
      labels: ['a', 'b', 'c'],
      ...found,
      mix: 0,
      sharpness: 1,
      scope: undefined,
      references: undefined,
    }
    const answers = await answersOf(head, vectors, () => 0, product)
    for (let c = 0; c < classes; c++) {
      const told = answers.reduce((sum, { probabilities }) => sum + probabilities[c]!, 0)
      expect(told).toBeCloseTo(each, 1)
    }
  })
})

describe('scope', () => {
  test('a neighbour is the fifth nearest, and there are sixteen references a class at most', async () => {
    const { vectors, labels } = points(each, 0)
    const rows = referencesOf(labels)
    expect(rows).toHaveLength(16 * classes)
    const references = transposed(rowsOf(vectors, rows))
    expect([...(await neighbours(rowsOf(vectors, [0, 1]), references, product))]).toEqual([1, 1])
  })

  test('what strangers look like is learnt where some are known', () => {
    const sighting = (margin: number, inScope: boolean) => ({
      margins: Float64Array.of(margin, 0, 0),
      neighbour: random(),
      inScope,
    })
    const known = Array.from({ length: 100 }, () => sighting(6 + random(), true))
    const strangers = Array.from({ length: 50 }, () => sighting(1 + random(), false))
    const scope = chooseScope([...known, ...strangers], 0.25)
    expect(scope.measure).not.toBe('neighbour')
    const careful = chooseScope(known, 0.25)
    expect(careful.measure).toBe('both')
    expect(probabilityInScope(careful, careful.middle)).toBe(0.5)
    expect(areaUnderCurve([3, 2], [1, 2.5])).toBe(0.75)
  })

  test('a text is taken for what is likeliest, which may be none of the labels', () => {
    const verdict = (inScope: number, ...probabilities: number[]) =>
      verdictOf({ inScope, probabilities: Float64Array.from(probabilities) })
    expect(verdict(0.5, 0.25, 0.75)).toEqual({ label: -1, confidence: 0.5 })
    expect(verdict(0.625, 0.5, 0.5)).toEqual({ label: -1, confidence: 0.375 })
    expect(verdict(0.75, 0.5, 0.5)).toEqual({ label: 0, confidence: 0.375 })
  })
})

describe('a file of heads', () => {
  const head = (references: References | undefined): DenseHead => ({
    name: 'intent',
    labels: ['a', 'b'],
    weights: Float32Array.of(1, 2, 3, 4),
    biases: Float32Array.of(5, 6),
    mix: 0.5,
    sharpness: 1.25,
    scope: references && {
      measure: 'both',
      slope: 1,
      middle: 2,
      spread: [
        { mean: 0, deviation: 1 },
        { mean: 0, deviation: 1 },
      ],
    },
    references,
  })
  const model: DenseModel = {
    encoder: 'abc',
    language: 'en',
    dimensions: 2,
    heads: [
      head({
        texts: ['one'],
        labels: [1],
        vectors: { rows: 2, columns: 1, values: Float32Array.of(7, 8) },
      }),
      head(undefined),
    ],
  }
  const bytes = encodeHeads(model)

  test('comes back the same', () => {
    expect(encodeHeads(decodeHeads(bytes, 'abc')).equals(bytes)).toBe(true)
    expect(decodeHeads(bytes, 'abc')).toEqual(model)
  })

  test('is refused where it was fitted on another encoder, is damaged, cut short, or something else', () => {
    expect(() => decodeHeads(bytes, 'def', 'h.bin')).toThrow(
      'h.bin belongs to version abc of the encoder for "en", this one is def; teach it again',
    )
    expect(() => decodeHeads(bytes.subarray(0, bytes.length - 4), 'abc', 'h.bin')).toThrow('h.bin is damaged')
    expect(() => decodeHeads(Buffer.from('something else'), 'abc', 'h.bin')).toThrow(
      'h.bin is not a file of Murmur heads',
    )
  })
})
