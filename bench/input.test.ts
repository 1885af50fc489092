import { describe, expect, it } from 'vitest'
import { type Line, utterances } from './input.ts'

function take(count: number, ...[mix, seed]: [mix: 'posts' | 'chats' | 'feed', seed?: number]): Line[] {
  const lines = utterances(mix, (number) => number, { seed: seed ?? 1, active: 100 })
  return Array.from({ length: count }, () => lines.next().value)
}

describe('the utterances of a bench', () => {
  const lines = take(20_000, 'feed')

  it('have ids of their own, and times in order', () => {
    expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length)
    expect(lines.map(({ occurredAt }) => occurredAt)).toEqual([...lines.keys()])
  })

  it('belong to conversations of 4 to 12 turns, some eight on average', () => {
    const turns = new Map<string, number>()
    for (const { conversation } of lines) turns.set(conversation, (turns.get(conversation) ?? 0) + 1)
    expect(Math.max(...turns.values())).toBeLessThanOrEqual(12)
    expect(lines.length / turns.size).toBeGreaterThan(7)
    expect(lines.length / turns.size).toBeLessThan(9)
  })

  it('are in English and in Chinese', () => {
    const chinese = lines.filter(({ text }) => /\p{Script=Han}/u.test(text)).length
    expect(chinese / lines.length).toBeGreaterThan(0.2)
    expect(chinese / lines.length).toBeLessThan(0.8)
  })

  it('come from the channels of their mix', () => {
    expect(new Set(take(2000, 'posts').map(({ channel }) => channel))).toEqual(new Set(['social', 'review']))
    expect(new Set(take(2000, 'chats').map(({ channel }) => channel))).toEqual(
      new Set(['chat', 'web', 'voice']),
    )
  })

  it('are the same again for the same seed, and others for another one', () => {
    expect(take(100, 'feed')).toEqual(lines.slice(0, 100))
    expect(take(100, 'feed', 2)).not.toEqual(lines.slice(0, 100))
  })
})
