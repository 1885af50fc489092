import { expect, test } from 'vitest'
import { milliseconds } from './duration.ts'

test('a length of time is a number and its unit', () => {
  expect(['500ms', '30s', '1.5m', '72h', '7d'].map(milliseconds)).toEqual([
    500, 30_000, 90_000, 259_200_000, 604_800_000,
  ])
})

test.each(['', '10', 's', '10 s', '-1s', '1w', '1h30m'])('"%s" is none', (text) => {
  expect(() => milliseconds(text)).toThrow('write a number and ms, s, m, h or d')
})
