import { expect, test } from 'vitest'
import { jsonCodec } from './json.ts'

const order = { id: 'o1', note: 'für Zoë 📦 \uD800', cents: 1250, lines: [1, null, true] }
const read = (bytes: Uint8Array) => jsonCodec<unknown>().decode(Buffer.from(bytes), 0, bytes.length)

test('a value is written and read in the middle of a buffer, as JSON.stringify has it', () => {
  const codec = jsonCodec<typeof order>()
  const buffer = Buffer.alloc(256, '#')
  const end = codec.encode(order, buffer, 7)
  expect(buffer.toString('utf8', 7, end)).toBe(JSON.stringify(order))
  expect(buffer.toString('utf8', end)).toMatch(/^#+$/)
  expect(codec.decode(buffer, 7, end)).toEqual(order)
})

test('a buffer that is too small, by however little, gives the number of bytes missing', () => {
  const needed = Buffer.byteLength(JSON.stringify(order))
  for (let size = 3; size < 3 + needed; size++)
    expect(jsonCodec<unknown>().encode(order, Buffer.alloc(size), 3)).toBe(size - 3 - needed)
  expect(jsonCodec<unknown>().encode(order, Buffer.alloc(3 + needed), 3)).toBe(3 + needed)
})

test('bytes that are no JSON, or not UTF-8, are refused; a genuine U+FFFD is text like any other', () => {
  expect(() => read(Buffer.alloc(0))).toThrow(/JSON/)
  expect(() => read(Buffer.from('{"a":1} '.repeat(2)))).toThrow(/JSON/)
  expect(() => read(Buffer.from('"caf\xe9"', 'latin1'))).toThrow('the bytes are not UTF-8')
  expect(read(Buffer.from('"\uFFFD"'))).toBe('\uFFFD')
})

test('a validator makes the value, or says what is wrong with it, when reading and before sending', () => {
  const codec = jsonCodec((value) => {
    if (typeof value !== 'number') throw new TypeError('write a number of cents')
    return { cents: value }
  })
  expect(codec.decode(Buffer.from('12'), 0, 2)).toEqual({ cents: 12 })
  expect(() => codec.decode(Buffer.from('"a"'), 0, 3)).toThrow('write a number of cents')
  expect(codec.problem('a')).toBe('write a number of cents')
  expect(codec.problem(12)).toBeUndefined()
  expect(jsonCodec().problem(undefined)).toBe('undefined is nothing that JSON holds')
})
