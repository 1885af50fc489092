import { describe, expect, it, test } from 'vitest'
import type { Sentiment } from '../../schemas/generated/events.ts'
import { linearTier } from '../linear-tier.ts'
import { openTeaching, shippedPlace } from '../open.ts'
import { scoreBy } from './aspects.ts'
import { type SignalSettings, signalsOf } from './signals.ts'

/** Says what a text is by the one word that it knows. */
const score: SignalSettings['score'] = (text) => {
  if (/great|good|fast|不错|很快|好吃/i.test(text)) return { sentiment: 'positive', score: 0.9 }
  if (/forever|rude|bad|慢|差/i.test(text)) return { sentiment: 'negative', score: -0.9 }
  return { sentiment: 'neutral', score: 0 }
}

const moods = { positive: 0.9, negative: -0.9, neutral: 0 } as const

const read = (text: string, sentiment: Sentiment = 'neutral', settings: Partial<SignalSettings> = {}) =>
  signalsOf({ score, ...settings })(text, /\p{sc=Han}/u.test(text) ? 'zh' : 'en', {
    sentiment,
    sentimentScore: moods[sentiment],
  })

describe('emotion', () => {
  it.each<[string, string, Sentiment]>([
    ['anger', 'I am furious. This is unacceptable', 'negative'],
    ['anger', 'WHERE IS MY ORDER!!! ANSWER ME', 'negative'],
    ['anger', '气死我了,什么态度', 'negative'],
    ['anger', '😡', 'neutral'],
    ['fear', 'I’m worried that my card was stolen', 'negative'],
    ['fear', '有点担心会被盗刷', 'negative'],
    ['sadness', 'so disappointed, she was in tears', 'negative'],
    ['sadness', '太失望了,想哭', 'negative'],
    ['gratitude', 'Thank you so much for your help', 'positive'],
    ['gratitude', '谢谢', 'positive'],
    ['joy', 'Love it! So happy with my new chair', 'positive'],
    ['joy', '太棒了,超喜欢', 'positive'],
    ['surprise', 'Wow, I had not expected that', 'neutral'],
    ['surprise', '没想到居然这么大', 'neutral'],
  ])('%s: %s', (emotion, text, sentiment) => {
    expect(read(text, sentiment).emotion).toBe(emotion)
  })

  it.each<[string, Sentiment]>([
    ['Where is my order?', 'neutral'],
    ['我的订单呢', 'neutral'],
    ['I am not excited', 'neutral'],
    ["don't worry", 'neutral'],
    ['不担心', 'neutral'],
    ['it does not work', 'negative'],
    ['great, it is broken again', 'negative'],
    ['the bags and pads here', 'neutral'],
  ])('none: %s (%s)', (text, sentiment) => {
    expect(read(text, sentiment).emotion).toBe('none')
  })

  it('is not negated across the end of a sentence', () => {
    expect(read('No. Thanks, I am happy').emotion).toBe('gratitude')
  })
})

describe('urgency', () => {
  const urgency = (text: string, sentiment?: Sentiment, settings?: Partial<SignalSettings>) =>
    read(text, sentiment, settings).urgency

  it.each([
    'URGENT: I need it today!!',
    'please answer immediately, my flight leaves tonight',
    'asap please',
    '马上给我处理,很急!',
    '十万火急',
  ])('is high: %s', (text) => {
    expect(urgency(text)).toBeGreaterThan(0.6)
  })

  it.each(['hello', 'what colours are there?', '有红色的吗', '❤', 'It is fine'])('is none: %s', (text) => {
    expect(urgency(text)).toBe(0)
  })

  it('falls where somebody says that there is no hurry', () => {
    for (const text of ['no rush, tomorrow is fine', "it's not urgent", '不急,有空再说', '不用马上回'])
      expect(urgency(text), text).toBeLessThan(0.15)
  })

  it('rises with every sign, and one is the limit', () => {
    const signs = ['today', 'today!!!', 'TODAY PLEASE NOW!!!', 'URGENT TODAY PLEASE NOW!!!']
    const rising = signs.map((text) => urgency(text, 'negative'))
    expect(rising).toEqual([...rising].sort((a, b) => a - b))
    expect(new Set(rising).size).toBe(rising.length)
    expect(urgency('urgent '.repeat(1000), 'negative')).toBeLessThanOrEqual(1)
  })

  it('is more where somebody is upset, and not where somebody cheers', () => {
    expect(urgency('where is it', 'negative')).toBeGreaterThan(urgency('where is it'))
    expect(urgency('THANK YOU YES!!!', 'positive')).toBe(0)
  })

  it('knows the words of whoever runs it, and forgets those that they take away', () => {
    const own = { urgency: { outage: 0.8, 停机: 0.8, Urgent: 0 } }
    expect(urgency('there is an Outage', 'neutral', own)).toBeCloseTo(0.8)
    expect(urgency('又停机了', 'neutral', own)).toBeCloseTo(0.8)
    expect(urgency('urgent', 'neutral', own)).toBe(0)
  })
})

describe('aspects', () => {
  const aspects = { food: ['food', '味道'], delivery: ['deliver*', '快递'], price: ['price*', '价格'] }
  const said = (text: string, sentiment?: Sentiment, settings: Partial<SignalSettings> = { aspects }) =>
    Object.fromEntries(
      read(text, sentiment, settings).aspects.map((one) => [one.aspect, one.sentiment] as const),
    )

  it.each([
    ['the food was great but delivery took forever', { food: 'positive', delivery: 'negative' }],
    ['Delivery was fast. The food, however, was bad', { delivery: 'positive', food: 'negative' }],
    ['味道不错,就是快递太慢', { food: 'positive', delivery: 'negative' }],
    ['快递很快,但是味道差', { delivery: 'positive', food: 'negative' }],
    [
      'food and delivery were great, the prices are what they are',
      { food: 'positive', delivery: 'positive', price: 'neutral' },
    ],
    ['Price: 4.5 euros. Bad food', { price: 'neutral', food: 'negative' }],
  ])('have the sentiment of their clause: %s', (text, expected) => {
    expect(said(text)).toEqual(expected)
  })

  it('that stand alone are told of in what follows', () => {
    expect(said('快递,太慢了,味道不错')).toEqual({ delivery: 'negative', food: 'positive' })
    expect(said('The delivery, forever late, was a pain. Good food')).toEqual({
      delivery: 'negative',
      food: 'positive',
    })
  })

  it('in a text of one clause have its own sentiment: nothing is scored', () => {
    const never = () => {
      throw new Error('scored')
    }
    expect(said('the food was cold', 'negative', { aspects, score: never })).toEqual({ food: 'negative' })
  })

  it('that are spoken of twice have what is said more strongly', () => {
    expect(said('Delivery is booked. Then: delivery took forever')).toEqual({ delivery: 'negative' })
  })

  it('are those of a shop unless told, in both languages, and none where there are none', () => {
    expect(Object.keys(said('the courier was rude and the refund is late', 'negative', {}))).toEqual([
      'delivery',
      'returns',
    ])
    expect(Object.keys(said('客服态度差,退款也慢', 'negative', {}))).toEqual(['service', 'returns'])
    expect(said('the food was great', 'positive', { aspects: {} })).toEqual({})
  })

  it('may share a term', () => {
    const shared = { speed: ['slow'], app: ['slow', 'app'] }
    expect(said('so slow', 'negative', { aspects: shared })).toEqual({ speed: 'negative', app: 'negative' })
  })
})

test.each([
  ['nothing', ''],
  ['blanks', ' \n\t '],
  ['only emoji', '😡🔥👍🏽👨‍👩‍👧'],
  ['unpaired surrogates', 'a\ud83d bad \udc00 delivery, but \ud800'],
  ['right to left', 'أين طلبي؟ تأخر التوصيل'],
  ['code', 'if (x && y) { return fetch("/api?q=1").then((r) => r.json()) } // asap'],
  ['both languages', '快递 was bad but 客服 great'],
  ['100,000 characters', 'the delivery was bad, but the price good! '.repeat(2400)],
  ['100,000 Chinese characters', '快递慢,但是客服不错。'.repeat(9100)],
  ['100,000 of the same', '急'.repeat(100_000)],
  ['100,000 apostrophes', "'".repeat(100_000)],
])('%s is read, and in time', (_, text) => {
  const start = performance.now()
  const { emotion, urgency, aspects } = read(text, 'negative')
  expect(performance.now() - start).toBeLessThan(500)
  expect(emotion).toMatch(/^(none|anger|fear|sadness|gratitude|joy|surprise)$/)
  expect(urgency).toBeGreaterThanOrEqual(0)
  expect(urgency).toBeLessThanOrEqual(1)
  for (const one of aspects) expect(Math.abs(one.score)).toBeLessThanOrEqual(1)
})

test('the same text gives the same, whatever was read before', () => {
  const settings = signalsOf({ score })
  const mood = { sentiment: 'negative', sentimentScore: -0.5 } as const
  const once = () => settings('the courier was rude!! 太慢, but the price is good', 'en', mood)
  const first = once()
  settings('so happy, thank you', 'en', { sentiment: 'positive', sentimentScore: 1 })
  expect(once()).toEqual(first)
})

test.each([
  ['the food was great but delivery took forever', { food: 'positive', delivery: 'negative' }],
  ['The courier was rude. The price is excellent.', { delivery: 'negative', price: 'positive' }],
  ['快递很快,但是味道很差', { delivery: 'positive', food: 'negative' }],
  ['价格便宜,味道难吃', { price: 'positive', food: 'negative' }],
])('with the linear tier: %s', (text, expected) => {
  const linear = linearTier(openTeaching(shippedPlace(), {}).linear)
  const aspects = {
    food: ['food', '味道'],
    delivery: ['deliver*', 'courier', '快递'],
    price: ['price', '价格'],
  }
  const [mood] = linear.understand([{ text, language: 'en' }])
  const found = signalsOf({ aspects, score: scoreBy(linear) })(text, 'en', mood!).aspects
  expect(Object.fromEntries(found.map(({ aspect, sentiment }) => [aspect, sentiment]))).toEqual(expected)
})
