import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { detect } from '../detect.ts'
import { type Example, readExamples } from '../examples.ts'
import { matrixProduct } from '../heads/products.ts'
import { Lexicon } from '../lexicon.ts'
import { linearTier } from '../linear-tier.ts'
import { closeEncoders, type Encoders, openEncoders } from '../open.ts'
import { outOfScope } from '../tier.ts'
import { tasksOf, trainModel } from '../trainer.ts'
import { borrows, lend } from './lend.ts'
import { type Vectors, vectorsBy } from './vectors.ts'

const { intents, sentiments, lexicon } = readExamples('language/examples')
const inEnglish = (examples: readonly Example[]) =>
  examples.filter(({ text }) => detect(text).language === 'en')
const moods = inEnglish(sentiments)
const requests = inEnglish(intents).filter(({ label }) => label !== outOfScope)

let encoders: Encoders
let read: string[] = []
let vectors: Vectors
let lent: readonly Example[]
beforeAll(async () => {
  encoders = await openEncoders()
  const { en } = encoders
  vectors = vectorsBy({
    ...en!,
    encode(texts) {
      read.push(...texts)
      return en!.encode(texts)
    },
  })
  const texts = [...requests, ...moods.slice(0, 100)].map(({ text }) => text)
  lent = await lend(moods, texts, vectors, await matrixProduct())
}, 60_000)
afterAll(() => closeEncoders(encoders))

describe('what the encoder lends to the linear tier', () => {
  test('are requests with the sentiment that it is sure of, none of the head’s own texts', () => {
    expect(lent.length).toBeGreaterThan(requests.length / 2)
    expect(lent.length).toBeLessThanOrEqual(2 * moods.length)
    const own = new Set(moods.map(({ text }) => text))
    expect(lent.filter(({ text }) => own.has(text))).toEqual([])
    expect(lent.filter(({ label }) => label === 'neutral').length).toBeGreaterThan(0.7 * lent.length)
  })

  test('is no more than twice what the head has, spread over all', async () => {
    const few = await lend(
      moods.filter((_, at) => at % 30 === 0),
      requests.map(({ text }) => text),
      vectors,
      await matrixProduct(),
    )
    expect(few.length).toBeLessThanOrEqual(2 * Math.ceil(moods.length / 30))
    const places = few.map(({ text }) => requests.findIndex((one) => one.text === text))
    expect(Math.max(...places)).toBeGreaterThan(0.9 * requests.length)
  })

  test('makes it sure of requests that nobody labelled, and costs no posts', () => {
    const held = requests.filter((_, at) => at % 10 === 0)
    const asked = new Set(held.map(({ text }) => text))
    const [intent, sentiment] = tasksOf({ intents: [], sentiments: moods })
    const answersBy = (some: readonly Example[]) => {
      const tasks = [
        { ...intent!, examples: requests },
        { ...sentiment!, lent: some },
      ]
      const { model, unseen } = trainModel(tasks, new Lexicon(lexicon.positive, lexicon.negative), 2)
      const tier = linearTier(model)
      const { margins, labels, classes } = unseen[1]!
      const right = labels.filter((label, text) => {
        const row = margins.subarray(text * classes, (text + 1) * classes)
        return row.indexOf(Math.max(...row)) === label
      }).length
      const answers = tier.understand(held.map(({ text }) => ({ text, language: 'en' })))
      const certain = answers.filter(
        ({ sentiment, sentimentScore }) => sentiment === 'neutral' && Math.abs(sentimentScore) < 0.05,
      )
      return { certain: certain.length / held.length, accuracy: right / labels.length }
    }
    const without = answersBy([])
    const taught = answersBy(lent.filter(({ text }) => !asked.has(text)))
    expect(taught.certain).toBeGreaterThan(without.certain + 0.1)
    expect(taught.accuracy).toBeGreaterThan(without.accuracy - 0.02)
  })

  test('is nothing to intents without examples of what fits none', () => {
    const [intent, sentiment] = tasksOf({ intents: requests, sentiments })
    expect([intent!, sentiment!, { ...intent!, examples: intents }].map(borrows)).toEqual([false, true, true])
  })
})

test('each text is read once, however often it is asked for', async () => {
  read = []
  const two = await vectors(['never seen', 'never seen', moods[0]!.text])
  expect(read).toEqual(['never seen'])
  expect(two.rows).toBe(3)
  expect(two.values.slice(0, two.columns)).toEqual(two.values.slice(two.columns, 2 * two.columns))
  expect(two.values.slice(0, two.columns)).toEqual((await vectors(['never seen'])).values)
})
