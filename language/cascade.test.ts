import { describe, expect, test } from 'vitest'
import { cascade } from './cascade.ts'
import type { Text, Tier, Understanding } from './tier.ts'

const texts: readonly Text[] = ['a', 'bb', 'c', 'ddd'].map((text) => ({ text, language: 'en' }))

const answer = (tier: string): Understanding => ({
  intent: 'greeting',
  intentConfidence: 1,
  alternatives: [],
  sentiment: 'neutral',
  sentimentScore: 0,
  labels: {},
  labelConfidences: {},
  tier,
  model: '',
})

/** A tier that is sure of texts up to a length. */
const upTo = (name: string, length: number): Tier => ({
  name,
  understand: (asked) => asked.map(({ text }) => (text.length <= length ? answer(name) : undefined)),
})

const slow = (tier: Tier): Tier => ({
  name: tier.name,
  understand: async (asked) => tier.understand(asked),
})

const tiersOf = (answers: readonly Understanding[]): string[] => answers.map(({ tier }) => tier)

describe('a cascade', () => {
  test('asks each tier for what the ones before handed on, and keeps the order', () => {
    const { understand, answered } = cascade([upTo('quick', 1), upTo('deep', 2), upTo('last', 9)])
    expect(tiersOf(understand(texts) as Understanding[])).toEqual(['quick', 'deep', 'quick', 'last'])
    expect(Object.fromEntries(answered)).toEqual({ quick: 2, deep: 1, last: 1 })
  })

  test('does not ask a tier when nothing is left for it', () => {
    const idle: Tier = {
      name: 'idle',
      understand: () => {
        throw new Error('asked')
      },
    }
    expect(tiersOf(cascade([upTo('all', 9), idle]).understand(texts) as Understanding[])).toHaveLength(4)
  })

  test('waits only for tiers that are asynchronous', async () => {
    const first = cascade([slow(upTo('quick', 1)), upTo('last', 9)])
    expect(tiersOf(await first.understand(texts))).toEqual(['quick', 'last', 'quick', 'last'])
    const second = cascade([upTo('quick', 1), slow(upTo('last', 9))])
    expect(tiersOf(await second.understand(texts))).toEqual(['quick', 'last', 'quick', 'last'])
    expect(second.understand(texts.slice(0, 1))).toEqual([answer('quick')])
  })

  test('refuses tiers that break the contract', () => {
    expect(() => cascade([])).toThrow('at least one tier')
    expect(() => cascade([upTo('a', 1), upTo('a', 2)])).toThrow('names of their own')
    expect(() => cascade([upTo('short', 2)]).understand(texts)).toThrow('left 1 texts unanswered')
    const deaf: Tier = { name: 'deaf', understand: () => [] }
    expect(() => cascade([deaf]).understand(texts)).toThrow('tier "deaf" gave 0 answers to 4 texts')
  })
})
