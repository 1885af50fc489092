import { describe, expect, it } from 'vitest'
import { RecordsBuilder } from '../../connectors/log/records.ts'
import type { Cleaned, Utterance } from '../../schemas/generated/events.ts'
import { cleaned } from '../../schemas/topics.ts'
import { Message, Rejection } from '../message.ts'
import type { Context } from '../stage.ts'
import { type CleaningOptions, cleaning, maxMediaBytes } from './cleaning.ts'

const now = Date.parse('2025-03-01T12:00:00Z')
const context: Context = { now, states: { get: () => undefined, set: () => {} } }
const origin = { records: new RecordsBuilder('utterances', 0).take(), index: 0 }

const utterance: Utterance = {
  id: 'u1',
  conversation: 'c1',
  user: null,
  channel: 'chat',
  role: 'user',
  text: 'Where is my order?',
  media: [],
  languageHint: null,
  occurredAt: now,
  attributes: {},
}
const picture = { type: 'image/png', name: null, data: Buffer.from('png'), url: null, size: 3 }

async function clean(patch: Partial<Utterance>, options?: CleaningOptions): Promise<Cleaned | Rejection> {
  const message = new Message('c1', { ...utterance, ...patch }, now, origin)
  const [output, ...others] = await cleaning(options).process([message], context)
  expect(others).toEqual([])
  return output instanceof Rejection ? output : ((output as Message<unknown>).value as Cleaned)
}

describe('cleaning', () => {
  it('adds to an utterance its clean text, language and fingerprint', async () => {
    const value = await clean({ text: ' Where&#39;s  my order?\u200b' })
    expect(value).toMatchObject({
      id: 'u1',
      text: ' Where&#39;s  my order?\u200b',
      cleanText: "Where's my order?",
      language: 'en',
      truncated: false,
    })
    expect(cleaned.codec.problem(value)).toBeUndefined()
  })

  it('gives texts that look alike the same fingerprint', async () => {
    const [one, other] = await Promise.all([clean({ text: 'BUY NOW!!' }), clean({ text: 'buy　now' })])
    expect((one as Cleaned).fingerprint).toBe((other as Cleaned).fingerprint)
  })

  it('leans on the hint for a short text', async () => {
    expect(await clean({ text: 'ok', languageHint: 'zh-CN' })).toMatchObject({ language: 'zh' })
  })

  it('treats links, mentions and emoji as told', async () => {
    const text = '@shop 👍 http://t.example/1'
    expect(await clean({ text })).toMatchObject({ cleanText: text })
    expect(
      await clean({ text }, { urls: 'placeholder', mentions: 'remove', emoji: 'placeholder' }),
    ).toMatchObject({ cleanText: '<emoji> <url>' })
  })

  it('folds full-width forms, or keeps them', async () => {
    const text = 'ＶＩＰ，你好！'
    expect(await clean({ text })).toMatchObject({ cleanText: 'VIP,你好!' })
    expect(await clean({ text }, { fullWidth: 'keep' })).toMatchObject({ cleanText: text })
  })

  it('keeps an utterance of which removal leaves nothing: it did say something', async () => {
    expect(await clean({ text: '👍' }, { emoji: 'remove' })).toMatchObject({
      cleanText: '',
      language: 'other',
    })
  })

  it('cuts an over-long text and says so', async () => {
    const value = (await clean({ text: 'word '.repeat(3000) })) as Cleaned
    expect(value.cleanText).toHaveLength(7999)
    expect(value.truncated).toBe(true)
    expect(await clean({ text: 'x'.repeat(8000) })).toMatchObject({ truncated: false })
    expect(await clean({ text: '12345 789' }, { maxLength: 6 })).toMatchObject({
      cleanText: '12345',
      truncated: true,
    })
  })

  it('looks only at the start of a text of megabytes', async () => {
    const value = await clean({ text: `start${' '.repeat(5_000_000)}end` })
    expect(value).toMatchObject({ cleanText: 'start', truncated: true })
  })

  it('takes media without text', async () => {
    expect(await clean({ text: '', media: [picture] })).toMatchObject({ cleanText: '', fingerprint: 0 })
    const stored = { ...picture, data: null, url: 's3://bucket/film', size: 10 * maxMediaBytes }
    expect(await clean({ text: '', media: [stored] })).toMatchObject({ media: [stored] })
  })
})

describe('cleaning refuses', () => {
  it.each<[string, Partial<Utterance>, string, RegExp]>([
    ['an empty id', { id: '' }, 'EMPTY_ID', /"id" is empty: give/],
    ['an empty conversation', { conversation: '' }, 'EMPTY_CONVERSATION', /"conversation" is empty: give/],
    ['neither text nor media', { text: '' }, 'EMPTY_UTTERANCE', /"text".*"media" is empty: send/],
    ['a text that shows nothing', { text: '\u200b \n' }, 'EMPTY_UTTERANCE', /nothing visible/],
    [
      'media above the limit',
      { media: [picture, { ...picture, data: Buffer.alloc(maxMediaBytes + 1) }] },
      'MEDIA_TOO_LARGE',
      /"media\[1\]\.data" has 10485761 bytes and may have 10485760: put it into shared storage/,
    ],
    ['media without content', { media: [{ ...picture, data: null }] }, 'EMPTY_MEDIA', /neither data nor url/],
    ['a time before 1970', { occurredAt: -1 }, 'TIME_OUT_OF_RANGE', /"occurredAt" is -1: it must be/],
    ['a time that is none', { occurredAt: Number.NaN }, 'TIME_OUT_OF_RANGE', /"occurredAt" is NaN/],
    ['a time far ahead', { occurredAt: now + 86_400_001 }, 'TIME_OUT_OF_RANGE', /at most a day ahead/],
  ])('%s', async (_, patch, code, reason) => {
    const rejection = (await clean(patch)) as Rejection
    expect(rejection).toBeInstanceOf(Rejection)
    expect(rejection.code).toBe(code)
    expect(rejection.reason).toMatch(reason)
  })

  it('nothing at the edges: media of the full size, a clock a day ahead', async () => {
    const media = [{ ...picture, data: Buffer.alloc(maxMediaBytes) }]
    expect(await clean({ media, occurredAt: now + 86_400_000 })).not.toBeInstanceOf(Rejection)
  })
})
