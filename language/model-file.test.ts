import { expect, test } from 'vitest'
import { Lexicon } from './lexicon.ts'
import { Predictor } from './linear.ts'
import { decodeModel, encodeModel } from './model-file.ts'
import { trainModel } from './trainer.ts'

const examples = ['a', 'b', 'c'].flatMap((label) =>
  ['one', 'two', 'three', 'four'].map((word) => ({ text: `${label}${label} ${word}`, label })),
)
const { model } = trainModel(
  [{ name: 'letter', examples, cost: 1, lexiconScale: 1 }],
  new Lexicon(['好'], ['bad']),
  2,
)
const bytes = encodeModel(model)

test('a model comes back the same', () => {
  const loaded = decodeModel(bytes)
  expect(encodeModel(loaded).equals(bytes)).toBe(true)
  const [before, after] = [new Predictor(model), new Predictor(loaded)]
  before.read('bb three')
  after.read('bb three')
  expect(after.probabilities).toEqual(before.probabilities)
})

test('a file that is no model is refused', () => {
  expect(() => decodeModel(Buffer.from('intents: {}'), 'x.bin')).toThrow('x.bin is not a Murmur model')
  expect(() => decodeModel(Buffer.alloc(0))).toThrow('the model is not a Murmur model')
})

test('a damaged or shortened file is refused, wherever the damage is', () => {
  for (const place of [8, 14, 41, 60, 200, bytes.length - 1]) {
    const damaged = Buffer.from(bytes)
    damaged[place]! ^= 0x41
    expect(() => decodeModel(damaged, 'x.bin')).toThrow('x.bin is damaged')
  }
  for (const length of [13, 60, bytes.length - 4])
    expect(() => decodeModel(bytes.subarray(0, length))).toThrow('damaged')
})

test('a file of a newer version says so', () => {
  const newer = Buffer.from(bytes)
  newer.writeUInt32LE(2, 4)
  expect(() => decodeModel(newer, 'x.bin')).toThrow('x.bin has format 2, this Murmur reads format 1')
})
