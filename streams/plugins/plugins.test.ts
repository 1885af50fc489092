import { describe, expect, it } from 'vitest'
import { RecordsBuilder } from '../../connectors/log/records.ts'
import type { Plugin, PluginResult } from '../../plugins/plugin.ts'
import type { Contextualised, Processed, Reply, Utterance } from '../../schemas/generated/events.ts'
import { processed, replies, utterances } from '../../schemas/topics.ts'
import { Message } from '../message.ts'
import type { Context, Outputs } from '../stage.ts'
import { chain } from './plugins.ts'

const now = Date.parse('2025-03-01T12:00:05Z')
const context: Context = { now, states: { get: () => undefined, set: () => {} } }
const origin = { records: new RecordsBuilder('contextualised', 0).take(), index: 0 }

const utterance: Contextualised = {
  id: 'u1',
  conversation: 'c1',
  user: 'anna',
  channel: 'chat',
  role: 'user',
  text: 'Hello',
  media: [],
  languageHint: 'en',
  occurredAt: now - 5000,
  attributes: {},
  cleanText: 'Hello',
  language: 'en',
  languageConfidence: 1,
  fingerprint: 0,
  truncated: false,
  intent: 'greeting',
  intentConfidence: 1,
  sentiment: 'neutral',
  sentimentScore: 0,
  tier: 'linear',
  modelVersion: '',
  alternatives: [],
  labels: {},
  labelConfidences: {},
  emotion: 'none',
  urgency: 0,
  aspects: [],
  turn: 1,
  sessionStartedAt: now - 5000,
  userTurns: 1,
  negativeTurns: 0,
  history: [],
  slots: {},
}

const plugin = (
  name: string,
  process: PluginResult | undefined | Plugin['process'],
  { priority = 50, when }: { priority?: number; when?: string } = {},
): Plugin => ({
  name,
  priority,
  when,
  process: typeof process === 'function' ? process : () => process,
})
const answer = (text: string): PluginResult => ({ reply: { text, confidence: 0.9 } })

const messages = (...patches: Partial<Contextualised>[]) =>
  patches.map((patch) => new Message('c1', { ...utterance, ...patch }, now - 5000, origin))

async function through(plugins: readonly Plugin[], patch: Partial<Contextualised> = {}) {
  const outputs = await chain(plugins).process(messages(patch), context)
  const [done, reply, spoken] = outputs.map((output) => (output as Message<unknown>).value)
  return { outputs, done: done as Processed, reply: reply as Reply, spoken: spoken as Utterance }
}

describe('the chain', () => {
  it('passes an utterance through without plugins', async () => {
    const { outputs, done } = await through([])
    expect(outputs).toHaveLength(1)
    expect(done).toEqual({ ...utterance, tags: [], annotations: {}, processedAt: now })
    expect(processed.codec.problem(done)).toBeUndefined()
  })

  it('collects tags once each, and annotations under the name of their plugin', async () => {
    const { done } = await through([
      plugin('one', { tags: ['vip', 'new'], annotations: { mood: 'good' } }),
      plugin('two', { tags: ['vip'], annotations: { mood: 'bad', place: 'shop' } }),
      plugin('three', undefined),
    ])
    expect(done.tags).toEqual(['vip', 'new'])
    expect(done.annotations).toEqual({ 'one.mood': 'good', 'two.mood': 'bad', 'two.place': 'shop' })
  })

  it('runs plugins by priority, as given where it is the same; the first answer is the reply', async () => {
    const order: string[] = []
    const named = (name: string, priority: number) =>
      plugin(
        name,
        () => {
          order.push(name)
          return answer(name)
        },
        { priority },
      )
    const { outputs, reply } = await through([named('late', 90), named('a', 10), named('b', 10)])
    expect(order).toEqual(['a', 'b', 'late'])
    expect(reply).toMatchObject({ text: 'a', plugin: 'a' })
    expect(outputs).toHaveLength(3)
  })

  it('runs a plugin only where its condition holds', async () => {
    const plugins = [plugin('chat', { tags: ['chatty'] }, { when: 'channel == "chat"' })]
    expect((await through(plugins)).done.tags).toEqual(['chatty'])
    expect((await through(plugins, { channel: 'review' })).done.tags).toEqual([])
  })

  it('lets the throw of a plugin pass: the world is at fault', async () => {
    const broken = plugin('broken', () => {
      throw new Error('the service is down')
    })
    await expect(through([broken])).rejects.toThrow('the service is down')
    const late = plugin('late', () => Promise.reject(new Error('timed out')))
    await expect(through([late])).rejects.toThrow('timed out')
  })

  it('refuses at the start a name that stands twice and a condition that is wrong', () => {
    expect(() => chain([plugin('a', undefined), plugin('a', undefined)])).toThrow(/"a" stands twice/)
    expect(() => chain([plugin('a', undefined, { when: 'rol == "user"' })])).toThrow(
      /plugin "a", condition "rol == "user"" at position 1: Unknown variable: rol/,
    )
  })
})

describe('a reply', () => {
  it('goes to replies, and re-enters as words of the bot right after what it answers', async () => {
    const { outputs, reply, spoken } = await through([plugin('faq', answer('Hi!'))])
    expect(outputs.map((output) => (output as Message<unknown>).topic)).toEqual([
      undefined,
      replies,
      utterances,
    ])
    expect(reply).toMatchObject({
      conversation: 'c1',
      user: 'anna',
      channel: 'chat',
      inReplyTo: 'u1',
      text: 'Hi!',
      plugin: 'faq',
      intent: 'greeting',
      confidence: 0.9,
      createdAt: now,
    })
    expect(reply.id).toMatch(/^[\w-]{22}$/)
    expect(spoken).toMatchObject({
      id: `reply-${reply.id}`,
      conversation: 'c1',
      role: 'bot',
      channel: 'chat',
      text: 'Hi!',
      occurredAt: utterance.occurredAt + 1,
      attributes: { inReplyTo: 'u1' },
    })
    expect(replies.codec.problem(reply)).toBeUndefined()
    expect(utterances.codec.problem(spoken)).toBeUndefined()
  })

  it('has the same id whenever the same plugin answers the same utterance', async () => {
    const id = async (name: string, utteranceId: string) =>
      (await through([plugin(name, answer('Hi!'))], { id: utteranceId })).reply.id
    expect(await id('faq', 'u1')).toBe(await id('faq', 'u1'))
    expect(await id('faq', 'u1')).not.toBe(await id('faq', 'u2'))
    expect(await id('faq', 'u1')).not.toBe(await id('bot', 'u1'))
  })

  it.each(['bot', 'agent'] as const)('is never given to a %s, whose words pass through', async (role) => {
    const { outputs, done } = await through([plugin('faq', { ...answer('Hi!'), tags: ['seen'] })], { role })
    expect(outputs).toHaveLength(1)
    expect(done).toMatchObject({ role, tags: ['seen'] })
  })
})

describe('promises', () => {
  it('appear only where a plugin gives one', () => {
    const stage = chain([plugin('sync', { tags: ['a'] })])
    expect(stage.process(messages({}), context)).not.toBeInstanceOf(Promise)
  })

  it('keep the order of plugins and of messages', async () => {
    const slow = plugin('slow', async ({ id }) => {
      await new Promise((resolve) => setTimeout(resolve, id === 'u1' ? 20 : 1))
      return { tags: ['slow'] }
    })
    const stage = chain([plugin('first', { tags: ['first'] }), slow, plugin('last', answer('late'))])
    const outputs: Outputs = await stage.process(messages({ id: 'u1' }, { id: 'u2', role: 'bot' }), context)
    const values = outputs.map((output) => (output as Message<unknown>).value as Processed)
    expect(values.map((value) => value.id).filter((id) => id.startsWith('u'))).toEqual(['u1', 'u2'])
    expect(values[0]?.tags).toEqual(['first', 'slow'])
    expect(outputs).toHaveLength(4)
  })
})
