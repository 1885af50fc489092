import { expect, test } from 'vitest'
import { assign, placeName } from './assign.ts'

const places = (topic: string, count: number) =>
  Array.from({ length: count }, (_, partition) => ({ topic, partition }))

const members = (...ids: string[]) => new Map(ids.map((id) => [id, ['t']]))

const loads = (target: Map<string, string>) =>
  Object.fromEntries(
    [...new Set(target.values())]
      .sort()
      .map((id) => [id, [...target.values()].filter((owner) => owner === id).length]),
  )

test('partitions are shared out evenly', () => {
  expect(loads(assign(members('a', 'b', 'c'), places('t', 7), new Map()))).toEqual({ a: 3, b: 2, c: 2 })
})

test('who joins gets a share, and everything else stays', () => {
  const before = assign(members('a', 'b'), places('t', 6), new Map())
  const after = assign(members('a', 'b', 'c'), places('t', 6), before)
  expect(loads(after)).toEqual({ a: 2, b: 2, c: 2 })
  expect([...after].filter(([place, owner]) => before.get(place) !== owner)).toHaveLength(2)
})

test('who joins gets a share of every topic, as some are busy and others are not', () => {
  const topics = ['alerts', 'processed', 'replies']
  const all = topics.flatMap((topic) => places(topic, 4))
  const before = assign(new Map([['a', topics]]), all, new Map())
  const both = new Map([
    ['a', topics],
    ['b', topics],
  ])
  const after = assign(both, all, before)
  for (const topic of topics)
    expect(loads(new Map([...after].filter(([place]) => place.startsWith(topic))))).toEqual({ a: 2, b: 2 })
  expect(assign(both, all, after)).toEqual(after)
})

test('what a member leaves behind is shared out, and nothing else moves', () => {
  const before = assign(members('a', 'b', 'c'), places('t', 6), new Map())
  const after = assign(members('a', 'c'), places('t', 6), before)
  expect(loads(after)).toEqual({ a: 3, c: 3 })
  for (const [place, owner] of before) if (owner !== 'b') expect(after.get(place)).toBe(owner)
})

test('a topic goes to those who read it; one that nobody reads stays free', () => {
  const readers = new Map([
    ['a', ['x']],
    ['b', ['x', 'y']],
  ])
  const target = assign(readers, [...places('x', 2), ...places('y', 2), ...places('z', 1)], new Map())
  expect(Object.fromEntries(target)).toEqual({ 'x/0': 'a', 'x/1': 'b', 'y/0': 'b', 'y/1': 'b' })
})

test('an owner that no longer reads the topic loses it', () => {
  const owners = new Map(places('t', 2).map((place) => [placeName(place), 'gone']))
  expect(loads(assign(members('a'), places('t', 2), owners))).toEqual({ a: 2 })
})
