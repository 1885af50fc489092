import { expect, test } from 'vitest'
import { Cache } from './cache.ts'

test('what nobody has asked for the longest goes first', () => {
  const cache = new Cache<number>(2)
  cache.set('a', 1)
  cache.set('b', 2)
  expect(cache.get('a')).toBe(1)
  cache.set('c', 3)
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3])
  cache.set('a', 4)
  expect(cache.get('a')).toBe(4)
})
