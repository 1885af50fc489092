import { describe, expect, it } from 'vitest'
import type { Fields } from '../../connectors/sources/source.ts'
import { utterances } from '../../schemas/topics.ts'
import { compileMapping } from './mapping.ts'

const now = Date.UTC(2026, 0, 1)
const map = (fields: Fields, pairs: readonly string[] = [], at = '1') =>
  compileMapping(pairs, { source: 'file:/feed.jsonl' }).utteranceOf({ at, fields }, { occurredAt: now })

describe('a mapping', () => {
  it('without pairs takes the fields that bear their own names', () => {
    const utterance = {
      id: 'u1',
      conversation: 'c1',
      user: 'ann',
      channel: 'chat',
      role: 'agent',
      text: 'Hello',
      media: [{ type: 'image/png', url: 'https://example.com/a.png', size: 7 }],
      languageHint: 'en',
      occurredAt: 1424777752000,
      attributes: { order: 4711, vip: true, gone: null, tags: ['a'] },
      other: 'left out',
    }
    expect(map(utterance)).toEqual({
      id: 'u1',
      conversation: 'c1',
      user: 'ann',
      channel: 'chat',
      role: 'agent',
      text: 'Hello',
      media: [{ type: 'image/png', name: null, data: null, url: 'https://example.com/a.png', size: 7 }],
      languageHint: 'en',
      occurredAt: 1424777752000,
      attributes: { order: '4711', vip: 'true', tags: '["a"]' },
    })
  })

  it('takes columns, columns inside objects, and constants', () => {
    const fields = {
      tweet_id: '7',
      author: { name: 'ann' },
      'geo.place': 'Oslo',
      said: 'Hello',
      created: '2015-02-24 11:35:52 -0800',
      airline: 'Delta',
    }
    const pairs = [
      'id=tweet_id',
      'user=author.name',
      'conversation=author.name',
      'text=said',
      'occurredAt=created',
      "channel='social'",
      'attributes.airline=airline',
      'attributes.place=geo.place',
      'attributes.none=author.missing.deeper',
    ]
    expect(map(fields, pairs)).toMatchObject({
      id: '7',
      user: 'ann',
      conversation: 'ann',
      text: 'Hello',
      occurredAt: Date.UTC(2015, 1, 24, 19, 35, 52),
      channel: 'social',
      attributes: { airline: 'Delta', place: 'Oslo' },
    })
  })

  it.each(['text', 'content', 'message', 'body', 'review'])('finds the text under %s', (column) => {
    expect(map({ [column]: 'Hello' })).toMatchObject({ text: 'Hello' })
  })

  it('has a default for all but the text', () => {
    const utterance = map({ text: 'Hello', user: '', channel: null })
    expect(utterance).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      conversation: (utterance as { id: string }).id,
      user: null,
      channel: 'import',
      role: 'user',
      text: 'Hello',
      media: [],
      languageHint: null,
      occurredAt: now,
      attributes: {},
    })
    expect(map({ text: 'Hello', user: 'ann' })).toMatchObject({ conversation: 'ann' })
  })

  it('makes ids from source, place and text: the same when read again, others elsewhere', () => {
    const idOf = (text: string, at: string) => (map({ text }, [], at) as { id: string }).id
    expect(idOf('Hello', '1')).toBe(idOf('Hello', '1'))
    expect(new Set([idOf('Hello', '1'), idOf('Hello', '2'), idOf('Bye', '1')]).size).toBe(3)
    const other = compileMapping([], { source: 'other' }).utteranceOf(
      { at: '1', fields: { text: 'Hello' } },
      { occurredAt: now },
    )
    expect((other as { id: string }).id).not.toBe(idOf('Hello', '1'))
  })

  it('leaves a field to its default where its column is nothing: ids that are not unique can be set aside', () => {
    const utterance = map({ id: '7', text: 'Hello' }, ['id=', 'attributes.tweet=id'])
    expect(utterance).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      attributes: { tweet: '7' },
    })
  })

  it('takes media in the message, as base64', () => {
    const made = map({ text: 'Hello', media: [{ type: 'audio/ogg', name: 'a.ogg', data: 'aGVsbG8=' }] })
    expect(made).toMatchObject({
      media: [{ type: 'audio/ogg', name: 'a.ogg', data: Buffer.from('hello'), url: null, size: 5 }],
    })
    expect(utterances.codec.problem(made)).toBeUndefined()
  })

  it.each<[Fields, string]>([
    [{ said: 'Hello' }, 'field "text" is missing; map a column to it: text=COLUMN'],
    [{ text: ' ' }, 'field "text": " " is blank; leave such rows out'],
    [{ text: 5 }, 'field "text": 5 is not a string; map a column of strings to it: text=COLUMN'],
    [{ text: 'a', occurredAt: 'soon' }, 'field "occurredAt": "soon" is not a time; write ISO 8601'],
    [{ text: 'a', role: 'boss' }, 'field "role": "boss" is none of user, bot, agent'],
    [{ text: 'a', user: {} }, 'field "user": {} is not a string; map another column to it'],
    [
      { text: 'a', id: 2 ** 60 },
      'field "id": 1152921504606847000 has lost digits: it is beyond 2^53; write it in quotes',
    ],
    [
      { text: 'a', conversation: 'x'.repeat(1025) },
      'is longer than 1024 characters; map another column to it',
    ],
    [{ text: 'a', attributes: 'b' }, 'field "attributes": "b" is not an object'],
    [{ text: 'a', media: 'b' }, 'field "media": "b" is not a list'],
    [{ text: 'a', media: [null] }, 'field "media[0].type" is not a MIME type'],
    [
      { text: 'a', media: [{ type: 'a/b' }] },
      'field "media[0]": {"type":"a/b"} has neither data (base64) nor a url',
    ],
    [
      { text: 'a', media: [{ type: 'a/b', data: 'A'.repeat(14_000_000) }] },
      'field "media": "10500000 bytes" is more than 10485760; refer to larger media by url',
    ],
  ])('says what is wrong with %j', (fields, reason) => {
    expect(map(fields)).toContain(reason)
  })

  it('takes numbers as names', () => {
    expect(map({ text: 'a', id: 7, user: 1.5 })).toMatchObject({ id: '7', user: '1.5' })
  })

  it.each([
    [
      'texxt=a',
      '--map "texxt=a" names no field of an utterance: did you mean "text"? There are id, conversation',
    ],
    ['attributes.=a', 'names no field'],
    ['text', '--map "text" is not a pair; write field=column or field=\'constant\''],
    ['=a', 'is not a pair'],
  ])('refuses the pair %s', (pair, message) => {
    expect(() => compileMapping([pair], { source: 's' })).toThrow(message)
  })

  it('refuses a field that is mapped twice', () => {
    expect(() => compileMapping(['text=a', 'text=b'], { source: 's' })).toThrow('maps "text" a second time')
  })
})
