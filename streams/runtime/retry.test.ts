import { expect, test } from 'vitest'
import { delayBefore, pause } from './retry.ts'

test('waits grow exponentially up to a limit, with full jitter', () => {
  const backoff = { firstMs: 100, maxMs: 1000 }
  expect([1, 2, 3, 4, 5, 6].map((attempt) => delayBefore(attempt, backoff, () => 1))).toEqual([
    100, 200, 400, 800, 1000, 1000,
  ])
  expect(delayBefore(3, backoff, () => 0.5)).toBe(200)
  expect(delayBefore(9, backoff, () => 0)).toBe(0)
})

test('a wait ends early when the signal aborts, and says so', async () => {
  expect(await pause(1, new AbortController().signal)).toBe(true)
  const started = performance.now()
  expect(await pause(10_000, AbortSignal.timeout(20))).toBe(false)
  expect(await pause(10_000, AbortSignal.abort())).toBe(false)
  expect(performance.now() - started).toBeLessThan(5000)
})
