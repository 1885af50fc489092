import { expect, test } from 'vitest'
import { FloodError, FloodGuard } from './flood.ts'

const guard = () => new FloodGuard({ maxShare: 0.5, windowMs: 60_000, minimum: 10 })

test('some dead letters are always allowed, however large their share', () => {
  expect(() => guard().check(0, 10, 10, 'why')).not.toThrow()
})

test('a larger share than allowed is refused before it is written, with the last reason', () => {
  expect(() => guard().check(0, 20, 11, 'field "text" is empty')).toThrow(FloodError)
  expect(() => guard().check(0, 20, 11, 'field "text" is empty')).toThrow(
    '11 of the last 20 messages were refused, the last one because: field "text" is empty',
  )
})

test('the share is taken over the window: what was written counts, what is older does not', () => {
  const flood = guard()
  flood.count(0, 1000, 0)
  expect(() => flood.check(500, 100, 100, '')).not.toThrow()
  flood.count(500, 100, 100)
  flood.count(30_000, 100, 100)
  expect(() => flood.check(59_000, 100, 100, '')).not.toThrow()
  expect(() => flood.check(60_000, 100, 100, '')).toThrow('200 of the last 200')
  expect(() => flood.check(90_000, 100, 10, '')).not.toThrow()
})

test('a batch without dead letters always passes', () => {
  const flood = guard()
  flood.count(0, 100, 100)
  expect(() => flood.check(1, 1, 0, '')).not.toThrow()
})
