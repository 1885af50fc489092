import { expect, test } from 'vitest'
import {
  keyAt,
  nextOffset,
  offsetAt,
  type Records,
  RecordsBuilder,
  sliceRecords,
  valueAt,
} from './records.ts'

const rowsOf = (records: Records) =>
  Array.from({ length: records.count }, (_, i) => [
    offsetAt(records, i),
    keyAt(records, i),
    valueAt(records, i).toString(),
    records.timestamps[i],
  ])

test('a builder grows with what is added, and starts anew after `take`', () => {
  const builder = new RecordsBuilder('t', 3)
  for (let i = 0; i < 100; i++) builder.add(`schlüssel ${i}`, Buffer.alloc(200, `${i % 10}`), i)
  expect(builder.count).toBe(100)
  expect(builder.bytes).toBeGreaterThan(20_000)
  const records = builder.take()
  builder.add('next', Buffer.from('n'), 7)
  expect(rowsOf(builder.take())).toEqual([[0, 'next', 'n', 7]])
  expect(records).toMatchObject({ topic: 't', partition: 3, count: 100, baseOffset: 0 })
  expect(rowsOf(records)[99]).toEqual([99, 'schlüssel 99', '9'.repeat(200), 99])
})

test('an encoder that underestimates the room it needs is asked again', () => {
  const builder = new RecordsBuilder('t', 0)
  const value = Buffer.alloc(50_000, 'v')
  const asked: number[] = []
  builder.addEncoded('k', 1, (data, position) => {
    asked.push(data.length)
    if (data.length < 20_000) return -20_000
    if (position + value.length > data.length) return -(position + value.length)
    return position + value.copy(data, position)
  })
  expect(asked).toHaveLength(3)
  expect(valueAt(builder.take(), 0).equals(value)).toBe(true)
})

test('a slice has the rows between, whether the offsets have gaps or not', () => {
  const builder = new RecordsBuilder('t', 0)
  for (const text of ['a', 'bb', 'ccc', 'dddd']) builder.add(text, Buffer.from(text), text.length)
  const records = { ...builder.take(), baseOffset: 10 }
  expect(sliceRecords(records, 0, 4)).toBe(records)
  const middle = sliceRecords(records, 1, 3)
  expect(rowsOf(middle)).toEqual(rowsOf(records).slice(1, 3))
  expect(nextOffset(middle)).toBe(13)
  const gaps = { ...records, offsets: Float64Array.of(10, 15, 16, 30) }
  expect(rowsOf(sliceRecords(gaps, 1, 4))).toEqual(rowsOf(gaps).slice(1))
  expect(nextOffset(gaps)).toBe(31)
  expect(sliceRecords(records, 4, 4)).toMatchObject({ count: 0, baseOffset: 14 })
  expect(nextOffset(sliceRecords(records, 4, 4))).toBe(14)
})
