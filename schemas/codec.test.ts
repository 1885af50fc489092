import { describe, expect, test } from 'vitest'
import { type AvroSchema, codec } from './codec.ts'
import type { Topic } from './topic.ts'
import { processed, replies, topics, utterances } from './topics.ts'
import { encodeFramed, headerBytes, schemaIdOf } from './wire.ts'

const utterance = {
  id: 'u1',
  conversation: 'c1',
  user: null,
  channel: 'chat',
  role: 'user' as const,
  text: 'Where is my parcel? 我的包裹在哪里？ 📦',
  media: [{ type: 'audio/ogg', name: null, data: Buffer.from([0xff, 0xfe]), url: null, size: 2 }],
  languageHint: 'en',
  occurredAt: 1_767_225_600_000,
  attributes: { shop: 'Zürich' },
}

function encoded<T>(value: T, { codec }: Topic<T>) {
  const buffer = Buffer.alloc(4096)
  return buffer.subarray(0, codec.encode(value, buffer, 0))
}

const one = (type: unknown): AvroSchema => ({ type: 'record', name: 'R', fields: [{ name: 'f', type }] })
const decode = (type: unknown, ...bytes: number[]) =>
  codec(one(type)).decode(Buffer.from(bytes), 0, bytes.length)

test('an event comes back as it went in', () => {
  const bytes = encoded(utterance, utterances)
  expect(utterances.codec.decode(bytes, 0, bytes.length)).toEqual(utterance)
})

test('a value is read between two positions of a larger buffer', () => {
  const bytes = encoded(utterance, utterances)
  const around = Buffer.concat([Buffer.from([9, 9]), bytes, Buffer.from([9])])
  expect(utterances.codec.decode(around, 2, 2 + bytes.length)).toEqual(utterance)
})

test('a buffer that is too small gives the number of bytes missing', () => {
  const needed = encoded(utterance, utterances).length
  expect(utterances.codec.encode(utterance, Buffer.alloc(100), 10)).toBe(100 - (needed + 10))
})

describe('what is not one value of the type is refused', () => {
  const bytes = encoded(utterance, utterances)
  const refusal = (data: Buffer, start = 0, end = data.length) => {
    try {
      return utterances.codec.decode(data, start, end)
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError)
      return (error as Error).message
    }
  }

  test('cut short, wherever the cut is', () => {
    for (let end = 0; end < bytes.length; end++) expect(refusal(bytes, 0, end)).toMatch(/cut short/)
  })

  test('with more behind it', () =>
    expect(refusal(Buffer.concat([bytes, Buffer.alloc(3)]))).toBe('3 bytes follow the value'))

  test('text that is not UTF-8, by field', () => {
    const at = bytes.indexOf('parcel')
    const broken = Buffer.from(bytes)
    broken[at] = 0xff
    expect(refusal(broken)).toBe('text: the bytes are not UTF-8')
  })

  test('a short text, and the key of a map, that are not UTF-8', () => {
    for (const [word, field] of [
      ['chat', 'channel'],
      ['shop', 'attributes'],
    ] as const) {
      const broken = Buffer.from(bytes)
      broken[broken.indexOf(word)] = 0xc3
      expect(refusal(broken)).toBe(`${field}: the bytes are not UTF-8`)
    }
  })

  test('a genuine U+FFFD is text like any other', () => {
    const odd = encoded({ ...utterance, text: '\uFFFD' }, utterances)
    expect(utterances.codec.decode(odd, 0, odd.length).text).toBe('\uFFFD')
  })

  test('an event of another type', () => {
    const reply = {
      ...utterance,
      inReplyTo: 'u1',
      plugin: 'faq',
      intent: 'greeting',
      confidence: 1,
      createdAt: 1,
    }
    expect(refusal(encoded(reply, replies))).toMatch(/:/)
  })

  test('counts and lengths that no such value can have, without a loop over them', () => {
    const strings = { type: 'array', items: 'string' }
    expect(() => decode(strings, 0xfe, 0xff, 0xff, 0xff, 0xff, 0x3f, 0)).toThrow('items announced')
    expect(() => decode({ type: 'map', values: 'null' }, 0xfe, 0xff, 0xff, 0xff, 0x0f)).toThrow('f: ')
    expect(() => decode('string', 0x01)).toThrow('a length of -1')
    expect(() => decode('bytes', 0xfe, 0xff, 0xff, 0xff, 0xff, 0x3f)).toThrow('cut short')
    expect(() => decode('long', ...Array(11).fill(0xff))).toThrow('more than ten bytes')
  })

  test('choices that there are not', () => {
    expect(() => decode(['null', 'string'], 4)).toThrow('choice 2 of 2')
    expect(() => decode({ type: 'enum', name: 'E', symbols: ['a'] }, 1)).toThrow('choice -1 of 1')
  })

  test('every single damaged byte is either refused or still a value', () => {
    for (let at = 0; at < bytes.length; at++)
      for (const value of [0x00, 0x7f, 0x80, 0xff]) {
        const broken = Buffer.from(bytes)
        broken[at] = value
        const result = refusal(broken)
        expect(typeof result === 'string' || typeof result === 'object').toBe(true)
      }
  })
})

test('every Avro type is read', () => {
  const type = {
    type: 'record',
    name: 'All',
    fields: [
      { name: 'none', type: 'null' },
      { name: 'yes', type: 'boolean' },
      { name: 'double', type: 'double' },
      { name: 'float', type: 'float' },
      { name: 'negative', type: 'long' },
      { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 2 } },
      { name: 'either', type: ['int', 'long'] },
      { name: 'next', type: ['null', 'All'] },
    ],
  } as const
  const value = {
    none: null,
    yes: true,
    double: 0.1,
    float: 0.5,
    negative: -(2 ** 40),
    hash: Buffer.from([1, 2]),
    either: { long: 5 },
  }
  const nested = { ...value, next: { ...value, next: null } }
  const all = codec<typeof nested>(type)
  const buffer = Buffer.alloc(256)
  expect(all.decode(buffer, 0, all.encode(nested, buffer, 0))).toEqual(nested)
})

test('blocks that state their size, as other writers make them, are read', () => {
  expect(decode({ type: 'array', items: 'int' }, 0x03, 0x04, 0x02, 0x04, 0x00)).toEqual({ f: [1, 2] })
})

describe('evolution', () => {
  test('a reader fills what an older writer did not know', () => {
    const older = codec<{ f: number }>(one('int'))
    const newer = codec<{ f: number; tone: string }>({
      type: 'record',
      name: 'R',
      namespace: 'moved',
      fields: [
        { name: 'f', type: 'long' },
        { name: 'tone', type: 'string', default: 'calm' },
      ],
    })
    const buffer = Buffer.alloc(16)
    const end = older.encode({ f: 7 }, buffer, 0)
    const reader = newer.reading(older.schema)
    expect(reader.decode(buffer, 0, end)).toEqual({ f: 7, tone: 'calm' })
    expect(() => reader.decode(buffer, 0, end + 1)).toThrow('1 bytes follow the value')
  })

  test('an utterance can be read as each later event of the chain only where fields have defaults', () =>
    expect(() => processed.codec.reading(utterances.codec.schema)).toThrow())
})

test('a problem names the field and the value', () => {
  expect(utterances.codec.problem(utterance)).toBeUndefined()
  expect(utterances.codec.problem({ ...utterance, text: 5 })).toBe('field "text": 5 is not "string"')
})

test('what is not a schema is refused', () => expect(() => codec({ type: 'no such type' })).toThrow())

describe('the wire format', () => {
  test('is a zero byte, the id and the value', () => {
    const buffer = Buffer.alloc(1024)
    const end = encodeFramed(utterances.codec, 0x01020304, utterance, buffer, 3)
    expect([...buffer.subarray(3, 8)]).toEqual([0, 1, 2, 3, 4])
    expect(schemaIdOf(buffer, 3, end)).toBe(0x01020304)
    expect(utterances.codec.decode(buffer, 3 + headerBytes, end)).toEqual(utterance)
  })

  test('what is not framed has no id', () => {
    expect(schemaIdOf(Buffer.from([1, 0, 0, 0, 1]), 0, 5)).toBeUndefined()
    expect(schemaIdOf(Buffer.from([0, 0, 0, 1]), 0, 4)).toBeUndefined()
  })

  test('a buffer that is too small asks for more, until it fits', () => {
    let buffer = Buffer.alloc(2)
    let end = encodeFramed(utterances.codec, 1, utterance, buffer, 0)
    for (let tries = 0; end < 0 && tries < 3; tries++) {
      buffer = Buffer.alloc(buffer.length - end)
      end = encodeFramed(utterances.codec, 1, utterance, buffer, 0)
    }
    expect(utterances.codec.decode(buffer, headerBytes, end)).toEqual(utterance)
  })
})

test('topics have one name each', () =>
  expect(new Set(topics.map(({ name }) => name)).size).toBe(topics.length))
