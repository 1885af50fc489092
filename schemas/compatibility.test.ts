import { describe, expect, test } from 'vitest'
import type { AvroSchema } from './codec.ts'
import { codec } from './codec.ts'
import { faults, incompatibilities } from './compatibility.ts'

const record = (...fields: object[]): AvroSchema => ({ type: 'record', name: 'R', fields })
const field = (type: unknown, more: object = {}): AvroSchema => record({ name: 'text', type, ...more })
const rules = (reader: AvroSchema, writer: AvroSchema) =>
  faults(reader, writer).map(({ rule, path }) => `${rule} at ${path}`)

describe('a record', () => {
  const none = record()

  test('may gain and lose a field that has a default', () => {
    const one = field('string', { default: '' })
    expect(incompatibilities(none, one)).toEqual([])
    expect(incompatibilities(one, none)).toEqual([])
  })

  test('may not gain a field without a default: the new reader misses it in old data', () => {
    expect(incompatibilities(none, field('string'))).toEqual([
      {
        direction: 'backward',
        rule: 'READER_FIELD_MISSING_DEFAULT_VALUE',
        path: '/fields/text',
        message: 'what was written lacks the field, and it has no default',
      },
    ])
  })

  test('may not lose a field without a default: old readers miss it in new data', () => {
    expect(incompatibilities(field('string'), none)).toMatchObject([
      { direction: 'forward', rule: 'READER_FIELD_MISSING_DEFAULT_VALUE', path: '/fields/text' },
    ])
  })

  test('a default of null is a default', () => {
    expect(rules(field(['null', 'string'], { default: null }), none)).toEqual([])
  })

  test('a field is found by an alias of the reader', () => {
    const renamed = record({ name: 'words', type: 'string', aliases: ['text'] })
    expect(rules(renamed, field('string'))).toEqual([])
    expect(rules(field('string'), renamed)).toEqual(['READER_FIELD_MISSING_DEFAULT_VALUE at /fields/text'])
  })

  test('its name counts, without the namespace; an alias of the reader stands for it', () => {
    const other = { type: 'record', name: 'other.S', fields: [] }
    expect(rules(record(), other)).toEqual(['NAME_MISMATCH at /'])
    expect(rules({ type: 'record', name: 'R', aliases: ['S'], fields: [] }, other)).toEqual([])
    expect(rules(record(), { type: 'record', name: 'R', namespace: 'elsewhere', fields: [] })).toEqual([])
  })

  test('that holds itself ends, and its faults are found', () => {
    const list = (type: string): AvroSchema =>
      record({ name: 'value', type }, { name: 'next', type: ['null', 'R'], default: null })
    expect(rules(list('long'), list('int'))).toEqual([])
    expect(rules(list('int'), list('long'))).toContain('TYPE_MISMATCH at /fields/value')
  })

  test('a record that failed as a branch of a union fails again elsewhere', () => {
    const inner = (name: string, type: string) => ({ type: 'record', name, fields: [{ name: 'v', type }] })
    const reader = record(
      { name: 'a', type: [inner('I', 'int'), { ...inner('J', 'string'), aliases: ['I'] }] },
      { name: 'b', type: 'I' },
    )
    const writer = record({ name: 'a', type: inner('I', 'string') }, { name: 'b', type: 'I' })
    expect(rules(reader, writer)).toEqual(['TYPE_MISMATCH at /fields/b/fields/v'])
  })
})

describe('types', () => {
  const widened = [
    ['long', 'int'],
    ['float', 'int'],
    ['float', 'long'],
    ['double', 'int'],
    ['double', 'long'],
    ['double', 'float'],
    ['string', 'bytes'],
    ['bytes', 'string'],
  ] as const
  const primitives = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']

  test('promote as the specification says, and no further', () => {
    for (const reader of primitives)
      for (const writer of primitives) {
        const allowed = reader === writer || widened.some(([r, w]) => r === reader && w === writer)
        expect(rules(field(reader), field(writer)), `${reader} reads ${writer}`).toEqual(
          allowed ? [] : ['TYPE_MISMATCH at /fields/text'],
        )
      }
  })

  test('arrays and maps go by what they hold', () => {
    const array = (items: string) => field({ type: 'array', items })
    const map = (values: string) => field({ type: 'map', values })
    expect(rules(array('long'), array('int'))).toEqual([])
    expect(rules(array('int'), array('long'))).toEqual(['TYPE_MISMATCH at /fields/text/items'])
    expect(rules(map('int'), map('string'))).toEqual(['TYPE_MISMATCH at /fields/text/values'])
    expect(rules(map('int'), array('int'))).toEqual(['TYPE_MISMATCH at /fields/text'])
  })

  test('an enum may gain symbols only where its readers have a default', () => {
    const role = (symbols: string[], more: object = {}) =>
      field({ type: 'enum', name: 'Role', symbols, ...more })
    expect(incompatibilities(role(['a']), role(['a', 'b']))).toMatchObject([
      { direction: 'forward', rule: 'MISSING_ENUM_SYMBOLS', path: '/fields/text' },
    ])
    expect(rules(role(['a'], { default: 'a' }), role(['a', 'b']))).toEqual([])
  })

  test('a fixed keeps its size and its name', () => {
    const hash = (size: number, name = 'Hash') => field({ type: 'fixed', name, size })
    expect(rules(hash(8), hash(8))).toEqual([])
    expect(rules(hash(8), hash(16))).toEqual(['FIXED_SIZE_MISMATCH at /fields/text'])
    expect(rules(hash(8), hash(8, 'Digest'))).toEqual(['NAME_MISMATCH at /fields/text'])
  })
})

describe('a union', () => {
  test('may gain a branch for its reader, not for its writer', () => {
    expect(rules(field(['null', 'string']), field('string'))).toEqual([])
    expect(rules(field('string'), field(['null', 'string']))).toEqual(['TYPE_MISMATCH at /fields/text'])
    expect(rules(field(['null', 'int']), field(['null', 'string']))).toEqual([
      'MISSING_UNION_BRANCH at /fields/text',
    ])
  })

  test('promotes into a branch', () => {
    expect(rules(field(['null', 'long']), field(['null', 'int']))).toEqual([])
  })

  test('of types that one type can read is no fault', () => {
    expect(rules(field('double'), field(['int', 'float']))).toEqual([])
  })

  test('names the record that no branch can read', () => {
    const inner = { type: 'record', name: 'Inner', fields: [] }
    expect(faults(field(['null', 'int']), field(['null', inner]))[0]?.message).toBe(
      'no branch of the union can read Inner',
    )
  })
})

test('what is compatible, the codec can read', () => {
  const older = codec<{ text: string }>(field('string'))
  const newer = field('string', { aliases: ['words'] })
  expect(incompatibilities(older.schema, newer)).toEqual([])
  const bytes = Buffer.alloc(16)
  const end = older.encode({ text: 'hello' }, bytes, 0)
  expect(codec(newer).reading(older.schema).decode(bytes, 0, end)).toEqual({ text: 'hello' })
})

test('what is not Avro is refused', () => {
  expect(() => faults({ type: 'record', name: 'R' }, record())).toThrow()
})
