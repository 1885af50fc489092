import { expect, test } from 'vitest'
import { RecordsBuilder } from '../../connectors/log/records.ts'
import type { Tier, Understanding } from '../../language/tier.ts'
import type { Cleaned } from '../../schemas/generated/events.ts'
import { understood } from '../../schemas/topics.ts'
import { Message } from '../message.ts'
import { intent } from './intent.ts'

const records = new RecordsBuilder('cleaned', 0).take()

const messageOf = (id: string, cleanText: string): Message<Cleaned> =>
  new Message(
    'conversation',
    {
      id,
      conversation: 'conversation',
      user: null,
      channel: 'chat',
      role: 'user',
      text: cleanText,
      media: [],
      languageHint: null,
      occurredAt: 0,
      attributes: {},
      cleanText,
      language: 'en',
      languageConfidence: 1,
      fingerprint: 0,
      truncated: false,
    },
    0,
    { records, index: 0 },
  )

const messages = [messageOf('1', 'hello'), messageOf('2', 'where is my order')]
const context = { now: 0, states: { get: () => undefined, set: () => {} } }

const answers = (asked: readonly { text: string }[]): Understanding[] =>
  asked.map(({ text }) => ({
    intent: text === 'hello' ? 'greeting' : 'order_status',
    intentConfidence: 0.75,
    sentiment: 'neutral',
    sentimentScore: 0.25,
    tier: 'quick',
  }))

test.each<[string, Tier]>([
  ['a synchronous', { name: 'quick', understand: answers }],
  ['an asynchronous', { name: 'quick', understand: async (asked) => answers(asked) }],
])('with %s tier every message keeps its fields and gains what was understood', async (_, tier) => {
  const stage = intent({ tiers: async () => [tier] })
  await stage.open()
  const outputs = (await stage.process(messages, context)) as Message<Record<string, unknown>>[]
  expect(outputs.map(({ value }) => [value.id, value.intent])).toEqual([
    ['1', 'greeting'],
    ['2', 'order_status'],
  ])
  for (const { value } of outputs) expect(understood.codec.problem(value)).toBeUndefined()
})

test('tiers load once, when the stage is opened; before that nothing is answered', async () => {
  let loads = 0
  const stage = intent({
    tiers: async () => {
      loads++
      return [{ name: 'quick', understand: answers }]
    },
  })
  expect(() => stage.process(messages, context)).toThrow('has not been opened')
  await stage.open()
  await stage.process(messages, context)
  await stage.process(messages, context)
  expect(loads).toBe(1)
})

test('a tier that fails fails the batch, so that the runtime tries it again', async () => {
  const stage = intent({
    tiers: async () => [
      {
        name: 'broken',
        understand: () => {
          throw new Error('no memory')
        },
      },
    ],
  })
  await stage.open()
  expect(() => stage.process(messages, context)).toThrow('no memory')
})
