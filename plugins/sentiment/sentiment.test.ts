import { describe, expect, it } from 'vitest'
import type { Contextualised, Sentiment } from '../../schemas/generated/events.ts'
import type { PluginResult } from '../plugin.ts'
import { sentiment } from './sentiment.ts'

/** What the plugin says of the last of a user's turns, given how each of them felt. */
function verdict(...turns: Sentiment[]): PluginResult | undefined {
  const utterance = {
    role: 'user',
    sentiment: turns.at(-1),
    userTurns: turns.length,
    negativeTurns: turns.filter((turn) => turn === 'negative').length,
  } as Contextualised
  return sentiment().process(utterance) as PluginResult | undefined
}

describe('at_risk', () => {
  it.each<[string, Sentiment[], boolean]>([
    ['three negative turns in a row', ['negative', 'negative', 'negative'], true],
    ['two are not enough', ['negative', 'negative'], false],
    ['the user is content now', ['negative', 'negative', 'negative', 'positive'], false],
    ['a neutral word in between', ['negative', 'neutral', 'negative', 'negative'], true],
    ['half of the turns only', ['neutral', 'neutral', 'neutral', 'negative', 'negative', 'negative'], false],
  ])('%s', (_, turns, atRisk) => {
    expect(verdict(...turns)?.tags).toEqual(atRisk ? ['at_risk'] : undefined)
  })
})

describe('trend', () => {
  it('needs a second turn', () => {
    expect(verdict('negative')).toBeUndefined()
  })

  it.each<[string, Sentiment[]]>([
    ['worsening', ['positive', 'negative']],
    ['worsening', ['negative', 'neutral', 'positive', 'negative']],
    ['improving', ['negative', 'neutral']],
    ['improving', ['negative', 'positive', 'positive']],
    ['steady', ['neutral', 'positive']],
    ['steady', ['negative', 'negative']],
  ])('%s', (trend, turns) => {
    expect(verdict(...turns)?.annotations).toEqual({ trend })
  })
})

it('looks at users only', () => {
  expect(sentiment()).toMatchObject({ name: 'sentiment', priority: 10, when: 'role == "user"' })
})
