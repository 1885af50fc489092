import { describe, expect, it } from 'vitest'
import { RecordsBuilder } from '../../connectors/log/records.ts'
import type { Contextualised, Understood } from '../../schemas/generated/events.ts'
import { contextualised } from '../../schemas/topics.ts'
import { Message } from '../message.ts'
import type { States } from '../stage.ts'
import { type ContextOptions, context } from './context.ts'

const origin = { records: new RecordsBuilder('understood', 0).take(), index: 0 }
const start = Date.parse('2025-03-01T12:00:00Z')

const utterance: Understood = {
  id: 'u',
  conversation: 'c',
  user: null,
  channel: 'chat',
  role: 'user',
  text: '',
  media: [],
  languageHint: null,
  occurredAt: start,
  attributes: {},
  cleanText: 'hello',
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
}

/** Keyed state as the runtime keeps it: as JSON. */
function jsonStates(initial: () => unknown): States & { readonly saved: Map<string, string> } {
  const saved = new Map<string, string>()
  return {
    saved,
    get: (key) => (saved.has(key) ? JSON.parse(saved.get(key) as string) : initial()),
    set: (key, state) => void saved.set(key, JSON.stringify(state)),
  }
}

function session(options?: ContextOptions) {
  const stage = context(options)
  const states = jsonStates(stage.state?.initial as () => unknown)
  const say = async (...patches: Partial<Understood>[]): Promise<Contextualised[]> => {
    const messages = patches.map((patch) => {
      const value = { ...utterance, ...patch }
      return new Message(value.conversation, value, value.occurredAt, origin)
    })
    const outputs = await stage.process(messages, { now: 0, states })
    return outputs.map((output) => (output as Message<unknown>).value as Contextualised)
  }
  return { stage, states, say }
}

describe('context', () => {
  it('shows each utterance the turns before it, not itself', async () => {
    const { say } = session()
    const [first, second, third] = await say(
      { cleanText: 'hi' },
      { cleanText: 'where is it?', intent: 'order_status', occurredAt: start + 1 },
      { cleanText: 'hello?' },
    )
    expect(first).toMatchObject({ turn: 1, userTurns: 1, history: [], sessionStartedAt: start })
    expect(second?.history).toEqual([{ role: 'user', text: 'hi', intent: 'greeting', at: start }])
    expect(third?.history.map((turn) => turn.text)).toEqual(['hi', 'where is it?'])
    expect(contextualised.codec.problem(third)).toBeUndefined()
  })

  it('remembers the last five turns, or as many as told', async () => {
    const six = Array.from({ length: 7 }, (_, i) => ({ cleanText: `turn ${i + 1}` }))
    const texts = (values: Contextualised[]) => values.at(-1)?.history.map((turn) => turn.text)
    expect(texts(await session().say(...six))).toEqual(['turn 2', 'turn 3', 'turn 4', 'turn 5', 'turn 6'])
    expect(texts(await session({ turns: 1 }).say(...six))).toEqual(['turn 6'])
    expect(texts(await session({ turns: 0 }).say(...six))).toEqual([])
  })

  it('cuts what it remembers to 200 characters, none of them divided', async () => {
    const { say } = session()
    const [, second, third] = await say(
      { cleanText: 'x'.repeat(300) },
      { cleanText: `${'x'.repeat(199)}😀` },
      {},
    )
    expect(second?.history[0]?.text).toBe('x'.repeat(200))
    expect(third?.history[1]?.text).toBe('x'.repeat(199))
  })

  it("counts the user's turns and the negative ones; a bot's and an agent's only as turns", async () => {
    const { say } = session()
    const values = await say(
      { sentiment: 'negative' },
      { role: 'bot', sentiment: 'negative' },
      { role: 'agent' },
      { sentiment: 'positive' },
    )
    expect(values.map(({ turn, userTurns, negativeTurns }) => [turn, userTurns, negativeTurns])).toEqual([
      [1, 1, 1],
      [2, 1, 1],
      [3, 1, 1],
      [4, 2, 1],
    ])
    expect(values[3]?.history.map((turn) => turn.role)).toEqual(['user', 'bot', 'agent'])
  })

  it('learns slots from the user, as of each utterance', async () => {
    const { say } = session()
    const values = await say(
      { cleanText: 'order A-20931 please' },
      { role: 'bot', cleanText: 'call us at 555-123-4567' },
      { cleanText: 'it cost $20' },
    )
    expect(values.map((value) => value.slots)).toEqual([
      { order_number: 'A-20931' },
      { order_number: 'A-20931' },
      { order_number: 'A-20931', amount: 'USD 20.00' },
    ])
  })

  it('learns what it is told to, and counts days from when and where something was said', async () => {
    const slots = [{ name: 'colour', list: { red: ['crimson', '红色'] } }]
    const { say } = session({ slots, timezone: 'Asia/Shanghai' })
    const late = Date.parse('2025-03-01T23:00:00Z')
    const [value] = await say({ cleanText: '明天给我红色的', occurredAt: late })
    expect(value?.slots).toEqual({ colour: 'red', date: '2025-03-03' })
  })

  it('keeps conversations apart', async () => {
    const { say } = session()
    const values = await say({ conversation: 'a' }, { conversation: 'b' }, { conversation: 'a' })
    expect(values.map((value) => value.turn)).toEqual([1, 1, 2])
  })

  it('takes utterances that come late in the order of arrival', async () => {
    const { say } = session()
    const [, late] = await say({}, { occurredAt: start - 3_600_000 })
    expect(late).toMatchObject({ turn: 2, sessionStartedAt: start, history: [{ at: start }] })
  })

  it('ends a session after half an hour, or when told', () => {
    expect(context().state?.expireAfterMs).toBe(1_800_000)
    expect(context({ expireAfter: '2h' }).state?.expireAfterMs).toBe(7_200_000)
  })
})

describe('an utterance with an idempotency key', () => {
  const keyed = (id: string): Partial<Understood> => ({ id, attributes: { 'idempotency-key': 'k' } })

  it('is dropped when its id comes again', async () => {
    const { say } = session()
    const values = await say(keyed('1'), keyed('2'), keyed('1'), keyed('3'))
    expect(values.map(({ id, turn }) => [id, turn])).toEqual([
      ['1', 1],
      ['2', 2],
      ['3', 3],
    ])
    expect(await say(keyed('2'))).toEqual([])
  })

  it('is known among the last 64 such ids', async () => {
    const { say } = session()
    await say(...Array.from({ length: 65 }, (_, i) => keyed(`id-${i}`)))
    expect(await say(keyed('id-1'))).toHaveLength(0)
    expect(await say(keyed('id-0'))).toHaveLength(1)
  })

  it('without one, the same id counts twice', async () => {
    const { say } = session()
    expect(await say({ id: '1' }, { id: '1' })).toHaveLength(2)
  })
})

describe('the state', () => {
  it('gives the same outputs when a batch is run again from the same state', async () => {
    const { stage, states, say } = session()
    await say({ cleanText: 'order 11111' })
    const before = states.get('c', start)
    Object.freeze(before)
    Object.freeze((before as { last: unknown[] }).last)
    const again = () => {
      let state = before
      const held: States = {
        get: () => state,
        set: (_, next) => {
          state = next
        },
      }
      const messages = ['no, order 22222', 'bye'].map(
        (cleanText) => new Message('c', { ...utterance, cleanText }, start, origin),
      )
      return stage.process(messages, { now: 0, states: held })
    }
    expect(await again()).toEqual(await again())
  })

  it('stays small', async () => {
    const { states, say } = session()
    const patch = { cleanText: 'I have been waiting for order A-20931 since March 3rd, please refund $20.50' }
    await say(...Array.from({ length: 50 }, () => patch))
    expect(states.saved.get('c')?.length).toBeLessThan(1000)
    const longest = Array.from({ length: 80 }, (_, i) => ({
      id: `${i}`,
      cleanText: 'x'.repeat(8000),
      attributes: { 'idempotency-key': '' },
    }))
    await say(...longest)
    expect(states.saved.get('c')?.length).toBeLessThan(2200)
  })
})
