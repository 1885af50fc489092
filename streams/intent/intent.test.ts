import { expect, test } from 'vitest'
import { RecordsBuilder } from '../../connectors/log/records.ts'
import type { Language } from '../../language/language.ts'
import type { Text, Understanding } from '../../language/tier.ts'
import type { Cleaned, Understood } from '../../schemas/generated/events.ts'
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

/** What understands texts, whose tiers don't matter here. */
const language = (understand: Language['understand'], more: Partial<Language> = {}): Language => ({
  understand,
  score: () => ({ sentiment: 'neutral', score: 0 }),
  version: '2026-01',
  answered: new Map([['quick', 2]]),
  shadowed: { same: 0, different: 0 },
  faults: [],
  close: async () => {},
  ...more,
})

const answers = (asked: readonly { text: string }[]): Understanding[] =>
  asked.map(({ text }) => ({
    intent: text === 'hello' ? 'greeting' : 'order_status',
    intentConfidence: 0.75,
    alternatives: [{ intent: 'goodbye', confidence: 0.2 }],
    sentiment: 'neutral',
    sentimentScore: 0.25,
    labels: { topic: 'smalltalk' },
    labelConfidences: { topic: 0.5 },
    tier: 'quick',
    model: '2026-01',
  }))

test.each<[string, Language['understand']]>([
  ['at once', answers],
  ['later', async (asked: readonly Text[]) => answers(asked)],
])('answered %s, every message keeps its fields and gains what was understood', async (_, understand) => {
  const stage = intent({ open: async () => language(understand) })
  await stage.open()
  const outputs = (await stage.process(messages, context)) as Message<Record<string, unknown>>[]
  expect(outputs.map(({ value }) => [value.id, value.intent])).toEqual([
    ['1', 'greeting'],
    ['2', 'order_status'],
  ])
  for (const { value } of outputs) expect(understood.codec.problem(value)).toBeUndefined()
})

test('it tells the version of the model, what is ambiguous, and what else is labelled', async () => {
  const stage = intent({ open: async () => language(answers) })
  await stage.open()
  const [first] = (await stage.process(messages, context)) as Message<Understood>[]
  expect(first?.value).toMatchObject({
    modelVersion: '2026-01',
    alternatives: [{ intent: 'goodbye', confidence: 0.2 }],
    labels: { topic: 'smalltalk' },
    labelConfidences: { topic: 0.5 },
  })
})

test('signals are read of what users say, not of bots and agents', async () => {
  const read: string[] = []
  const stage = intent({
    open: async () => language(answers),
    signals:
      () =>
      (text, language, { sentimentScore }) => {
        read.push(`${language} ${text} ${sentimentScore}`)
        return { emotion: 'joy', urgency: 0.5, aspects: [] }
      },
  })
  await stage.open()
  const [user, bot] = messages as [Message<Cleaned>, Message<Cleaned>]
  const outputs = await stage.process([user, bot.with({ role: 'bot' })], context)
  expect(read).toEqual(['en hello 0.25'])
  expect((outputs as Message<Understood>[]).map(({ value }) => [value.emotion, value.urgency])).toEqual([
    ['joy', 0.5],
    ['none', 0],
  ])
})

test('the language is opened once, before anything is answered, and closed with the stage', async () => {
  const said: string[] = []
  const stage = intent({
    open: async () => {
      said.push('open')
      return language(answers, { close: async () => void said.push('closed') })
    },
  })
  expect(() => stage.process(messages, context)).toThrow('has not been opened')
  expect(stage.vitals()).toEqual({})
  await stage.open()
  await stage.process(messages, context)
  await stage.process(messages, context)
  await stage.close()
  expect(said).toEqual(['open', 'closed'])
})

test('it tells who answered, by which version, and what is wrong', async () => {
  const stage = intent({ open: async () => language(answers, { faults: ['no encoder'] }) })
  await stage.open()
  expect(stage.vitals()).toEqual({
    version: '2026-01',
    tallies: { tier: { quick: 2 }, shadow: { same: 0, different: 0 } },
    faults: ['no encoder'],
  })
})

test('what fails fails the batch, so that the runtime tries it again', async () => {
  const stage = intent({
    open: async () =>
      language(() => {
        throw new Error('no memory')
      }),
  })
  await stage.open()
  expect(() => stage.process(messages, context)).toThrow('no memory')
})
