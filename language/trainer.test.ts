import { describe, expect, test } from 'vitest'
import type { Example } from './examples.ts'
import { Lexicon } from './lexicon.ts'
import { highest, Predictor } from './linear.ts'
import { linearTier } from './linear-tier.ts'
import { encodeModel } from './model-file.ts'
import { outOfScope } from './tier.ts'
import { trainModel } from './trainer.ts'

const make = (label: string, starts: readonly string[], ends: readonly string[]): Example[] =>
  starts.flatMap((start) => ends.map((end) => ({ text: `${start} ${end}`, label })))

const intents = [
  ...make(
    'order_status',
    ['where is', 'please track', 'any news of', '查一下'],
    ['my order', 'the parcel', '我的包裹'],
  ),
  ...make(
    'refund',
    ['I want', 'how do I get', 'when comes', '申请'],
    ['my money back', 'a refund', '退款', '全额退款'],
  ),
  ...make(outOfScope, ['the weather', 'a poem', 'football', '天气'], ['in spring', 'about cats', '怎么样']),
]
const sentiments = [
  ...make('positive', ['what a', 'such a', 'truly'], ['lovely day', 'great team', 'good thing']),
  ...make('negative', ['what a', 'such a', 'truly'], ['awful day', 'bad team', 'late parcel']),
  ...make('neutral', ['this is', 'there is', 'here comes'], ['a day', 'the team', 'one parcel']),
]
const lexicon = new Lexicon(['lovely', 'great', 'good', 'fine'], ['awful', 'bad', 'late', 'poor'])
const tasks = [
  { name: 'intent', examples: intents, cost: 1, lexiconScale: 1 },
  { name: 'sentiment', examples: sentiments, cost: 1, lexiconScale: 3 },
]
const { model, unseen } = trainModel(tasks, lexicon)
const understand = (text: string) => linearTier(model).understand([{ text, language: 'en' }])[0]!

describe('a trained model', () => {
  test('tells what separators that were trained without it make of each example', () => {
    for (const { margins, labels, classes } of unseen) {
      const known = [...labels.keys()].filter((text) => labels[text]! >= 0)
      const right = known.filter(
        (text) => highest(margins, text * classes, (text + 1) * classes) === text * classes + labels[text]!,
      )
      expect(right.length / known.length).toBeGreaterThan(0.9)
    }
    expect(unseen.map(({ labels }) => labels.length)).toEqual([intents.length, sentiments.length])
  })

  test('understands new texts in both languages', () => {
    expect(understand('where is the order').intent).toBe('order_status')
    expect(understand('I want my refund now').intent).toBe('refund')
    expect(understand('我要申请退款').intent).toBe('refund')
    expect(understand('查我的包裹').intent).toBe('order_status')
  })

  test('calls nonsense, emptiness and other subjects out of scope', () => {
    for (const text of ['', 'xyzzy qwop', '🦆🦆🦆', 'the football in spring'])
      expect(understand(text).intent).toBe(outOfScope)
  })

  test('knows the sentiment of words that only the lexicon has, and turns it behind a negation', () => {
    expect(understand('such a fine thing')).toMatchObject({ sentiment: 'positive' })
    expect(understand('such a poor thing')).toMatchObject({ sentiment: 'negative' })
    expect(understand('there is the parcel')).toMatchObject({ sentiment: 'neutral' })
    expect(understand('not a fine thing').sentimentScore).toBeLessThan(
      understand('a fine thing').sentimentScore,
    )
  })

  test('gives confidence between 0 and 1, and a score between -1 and 1', () => {
    for (const { text } of [...intents, ...sentiments]) {
      const { intentConfidence, sentimentScore } = understand(text)
      expect(intentConfidence).toBeGreaterThan(1 / 3)
      expect(intentConfidence).toBeLessThanOrEqual(1)
      expect(Math.abs(sentimentScore)).toBeLessThanOrEqual(1)
    }
  })

  test('of a head without background sums to 1', () => {
    const predictor = new Predictor(model)
    predictor.read('such a lovely parcel')
    expect(predictor.probabilities.slice(2).reduce((sum, p) => sum + p)).toBeCloseTo(1, 12)
    expect(predictor.probabilities.slice(0, 2).reduce((sum, p) => sum + p)).toBeLessThan(1)
  })

  test('reads long texts: sums of more features than a lane can take are carried over', () => {
    const predictor = new Predictor(model)
    const long = intents.filter(({ label }) => label === 'refund').map(({ text }) => text)
    predictor.read([...long, ...sentiments.map(({ text }) => text)].join('. '))
    expect(model.heads[0]!.labels[highest(predictor.probabilities, 0, 2)]).toBe('refund')
  })
})

test('training is deterministic: the same examples give the same bytes', () => {
  expect(encodeModel(trainModel(tasks, lexicon).model).equals(encodeModel(model))).toBe(true)
})

test('the linear tier names a head or a class that the model lacks', () => {
  const { model: other } = trainModel([{ ...tasks[0]!, name: 'topic' }], lexicon, 2)
  expect(() => linearTier(other)).toThrow('no head "intent", only "topic"')
  const twice = trainModel([tasks[0]!, { ...tasks[0]!, name: 'sentiment' }], lexicon, 2)
  expect(() => linearTier(twice.model)).toThrow('knows no "negative", only order_status, refund')
  const known = trainModel(
    [{ ...tasks[0]!, examples: intents.filter(({ label }) => label !== outOfScope) }, tasks[1]!],
    lexicon,
    2,
  )
  const [answer] = linearTier(known.model).understand([{ text: 'xyzzy', language: 'en' }])
  expect(answer!.intent).not.toBe(outOfScope)
})
