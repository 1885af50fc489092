import { expect, test } from 'vitest'
import { bar, count, span, table } from './output.ts'

test('a table aligns its columns, numbers to the right, wide characters counted as two', () => {
  expect(
    table([
      { name: 'ann', text: '你好', n: 1 },
      { name: 'bartholomew', text: 'hello', n: 1200 },
    ]),
  ).toBe(
    [
      'name         text      n',
      '───────────  ─────  ────',
      'ann          你好      1',
      'bartholomew  hello  1200',
    ].join('\n'),
  )
  expect(table([])).toBe('(no rows)')
  expect(table([{ a: null, b: { x: 1 }, c: 'y'.repeat(99), d: 0.5 }])).toContain(
    `–  {"x":1}  ${'y'.repeat(59)}…  0.500`,
  )
})

test('numbers and times are written for people', () => {
  expect(count(14640.4)).toBe('14,640')
  expect([12, 3210, 32_100, 240_000, 7_200_000, 172_800_000, 3.5e11].map(span)).toEqual([
    '12 ms',
    '3.2 s',
    '32 s',
    '4 m',
    '2 h',
    '2 d',
    '11 y',
  ])
  expect(bar(0.5, 4)).toBe('[██  ]  50%')
  expect(bar(1, 4)).toBe('[████] 100%')
})
