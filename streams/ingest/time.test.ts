import { describe, expect, it } from 'vitest'
import { parseTime } from './time.ts'

const iso = (value: unknown) => {
  const time = parseTime(value)
  return time === undefined ? undefined : new Date(time).toISOString()
}

describe('parseTime', () => {
  it.each([
    ['2015-02-16T23:36:05.000Z', '2015-02-16T23:36:05.000Z'],
    ['2015-02-24 11:35:52 -0800', '2015-02-24T19:35:52.000Z'],
    ['2015-02-24T11:35:52+05:30', '2015-02-24T06:05:52.000Z'],
    ['2015-02-24T11:35:52.123456Z', '2015-02-24T11:35:52.123Z'],
    ['2015-02-24 11:35:52,57 UTC', '2015-02-24T11:35:52.570Z'],
    ['2015-02-24T11:35z', '2015-02-24T11:35:00.000Z'],
    ['2015-02-24', '2015-02-24T00:00:00.000Z'],
    ['2016-02-29', '2016-02-29T00:00:00.000Z'],
  ])('reads %s', (value, expected) => expect(iso(value)).toBe(expected))

  it('takes a time without an offset for UTC, on whatever machine', () => {
    expect(iso('2015-02-24 11:35:52')).toBe('2015-02-24T11:35:52.000Z')
  })

  it('tells seconds since 1970 from milliseconds and microseconds by their magnitude', () => {
    for (const value of [
      1424777752,
      '1424777752',
      1424777752000,
      '1424777752000',
      1424777752.0004,
      1424777752000999,
    ])
      expect(iso(value)).toBe('2015-02-24T11:35:52.000Z')
    expect(iso('1424777752.25')).toBe('2015-02-24T11:35:52.250Z')
  })

  it.each([
    'yesterday',
    '',
    '2015-02-30',
    '2015-13-01',
    '2015-00-10',
    '2015-02-24T25:00:00Z',
    '2015-02-24T11:60:00Z',
    '2015-02-24T11:35:61Z',
    '24.02.2015',
    -5,
    Number.NaN,
    1424777752000000000,
    true,
    null,
  ])('finds no time in %s', (value) => expect(parseTime(value)).toBeUndefined())
})
