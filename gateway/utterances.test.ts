import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConnectorError } from '../connectors/errors.ts'
import type { Accepted } from './acceptance.ts'
import type { Problem } from './errors.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { defaultLimits } from './gateway.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await openFixture()
})
afterAll(() => fixture.close())

const path = '/v1/utterances'
const accepted = async (response: Response): Promise<Accepted[]> => {
  expect(response.status, await response.clone().text()).toBe(202)
  return ((await response.json()) as { accepted: Accepted[] }).accepted
}
const problem = async (response: Response): Promise<Problem & { status: number }> => ({
  status: response.status,
  ...((await response.json()) as { error: Problem }).error,
})
const inLog = async (id: string | undefined) => (await fixture.utterances()).filter((one) => one.id === id)

describe('POST /v1/utterances', () => {
  it('answers 202 when the log has the utterance, and fills in what was left out', async () => {
    const before = Date.now()
    const [one] = await accepted(await fixture.post(path, { user: 'ann', text: 'where is my parcel?' }))
    expect(one).toMatchObject({ conversation: 'ann', id: expect.stringMatching(/^[\da-f-]{36}$/) })
    const [event] = await inLog(one?.id)
    expect(event).toMatchObject({ user: 'ann', channel: 'chat', role: 'user', media: [], languageHint: null })
    expect(event?.occurredAt).toBeGreaterThanOrEqual(before)
  })

  it('keeps what was given', async () => {
    const said = {
      conversation: 'c7',
      user: 'ann',
      channel: 'voice',
      role: 'agent',
      text: '你好',
      languageHint: 'zh',
      occurredAt: 1_700_000_000_000,
      attributes: { shop: '12' },
    }
    const [one] = await accepted(await fixture.post(path, said))
    expect(await inLog(one?.id)).toEqual([{ ...said, id: one?.id, media: [] }])
  })

  it('starts a conversation for whoever has neither name nor conversation', async () => {
    const [one] = await accepted(await fixture.post(path, { text: 'hi' }))
    expect(one?.conversation).toBe(one?.id)
  })

  it('takes an array, in order, with ids in order of time', async () => {
    const sent = Array.from({ length: 1000 }, (_, index) => ({ conversation: 'many', text: `line ${index}` }))
    const all = await accepted(await fixture.post(path, sent))
    expect(all).toHaveLength(1000)
    const texts = (await fixture.utterances()).filter(({ conversation }) => conversation === 'many')
    expect(texts.map(({ text }) => text)).toEqual(sent.map(({ text }) => text))
    const times = all.map(({ id }) => id.slice(0, 13))
    expect(times).toEqual(times.toSorted())
  })

  it('carries media in the message, or by url', async () => {
    const data = randomBytes(1000)
    const [one] = await accepted(
      await fixture.post(path, {
        media: [
          { type: 'audio/ogg', data: data.toString('base64') },
          { type: 'image/png', url: 's3://bucket/invoice.png', size: 20_000_000 },
        ],
      }),
    )
    const [event] = await inLog(one?.id)
    expect(event?.media).toEqual([
      { type: 'audio/ogg', name: null, data, url: null, size: 1000 },
      { type: 'image/png', name: null, data: null, url: 's3://bucket/invoice.png', size: 20_000_000 },
    ])
  })

  it('shares transactions between requests that come together', async () => {
    const count = async () =>
      Number(/append_seconds_count (\d+)/.exec(await fixture.gateway.metrics.metrics())?.[1])
    const before = await count()
    await Promise.all(Array.from({ length: 50 }, () => fixture.post(path, { text: 'at once' })))
    expect((await count()) - before).toBeLessThan(10)
  })
})

describe('a fault in an utterance is named with the field, the value and the remedy', () => {
  const cases: [string, unknown, Partial<Problem> & { status?: number }][] = [
    [
      'an unknown field',
      { txt: 'hi' },
      { field: 'txt', remedy: expect.stringContaining('did you mean "text"?') },
    ],
    [
      'a bot',
      { text: 'hi', role: 'bot' },
      { field: 'role', value: '"bot"', remedy: 'use one of user, agent' },
    ],
    ['a wrong type', { text: 5 }, { field: 'text', value: '5', remedy: 'give string' }],
    ['nothing said', { user: 'ann' }, { field: 'text', remedy: 'give at least one of the two' }],
    ['one of many', [{ text: 'ok' }, { text: '' }], { field: '1.text' }],
    ['a long name', { text: 'hi', user: 'x'.repeat(257) }, { field: 'user', remedy: 'at most 256' }],
    ['an empty name', { text: 'hi', user: '' }, { field: 'user', remedy: 'at least 1' }],
    ['a lone surrogate', { text: 'hi', user: '\ud800' }, { field: 'user', remedy: 'change the field' }],
    [
      'no base64',
      { media: [{ type: 'a/b', data: 'a-?' }] },
      { field: 'media.0.data', message: 'is not base64' },
    ],
    ['cut base64', { media: [{ type: 'a/b', data: 'AAAAA' }] }, { field: 'media.0.data' }],
    ['no content', { media: [{ type: 'a/b' }] }, { field: 'media.0.data', remedy: 'give one of the two' }],
    ['no size', { media: [{ type: 'a/b', url: 'https://x.test/a' }] }, { field: 'media.0.size' }],
    ['no type', { media: [{ data: 'AAAA' }] }, { field: 'media.0.type', remedy: 'add the field' }],
    ['a negative time', { text: 'hi', occurredAt: -1 }, { field: 'occurredAt', value: '-1' }],
    ['a text', '"hi"', { field: '', remedy: 'give object' }],
    ['none at all', [], { status: 422, value: '0' }],
    ['too many', Array(1001).fill({ text: 'x' }), { status: 413, value: '1001' }],
  ]
  it.each(cases)('%s', async (_, body, expected) => {
    const before = (await fixture.utterances()).length
    expect(await problem(await fixture.post(path, body))).toMatchObject({ status: 422, ...expected })
    expect((await fixture.utterances()).length).toBe(before)
  })

  it('media over 10,485,760 bytes are 413, and go by url', async () => {
    const media = [{ type: 'audio/wav', data: Buffer.alloc(10_485_761).toString('base64') }]
    expect(await problem(await fixture.post(path, { media }))).toMatchObject({ status: 413, field: 'media' })
    const fits = [{ type: 'audio/wav', data: Buffer.alloc(10_485_760).toString('base64') }]
    await accepted(await fixture.post(path, { media: fits }))
  })

  it('an utterance that is too large altogether, though its parts are not', async () => {
    const attributes = Object.fromEntries(Array.from({ length: 2600 }, (_, i) => [`a${i}`, 'x'.repeat(4096)]))
    expect(await problem(await fixture.post(path, { text: 'hi', attributes }))).toMatchObject({ status: 413 })
  })

  it('a body that is cut short, no JSON, or no UTF-8', async () => {
    const headers = { 'content-type': 'application/json' }
    expect(await problem(await fixture.post(path, '{"text": "he'))).toMatchObject({
      status: 400,
      code: 'INVALID_JSON',
    })
    const latin1 = { method: 'POST', headers, body: Buffer.from('{"text": "caf\xe9"}', 'latin1') }
    expect(await problem(await fixture.request(path, latin1))).toMatchObject({
      message: 'the body is not UTF-8',
    })
    const form = { method: 'POST', body: 'text=hi' }
    expect(await problem(await fixture.request(path, form))).toMatchObject({
      status: 415,
      field: 'Content-Type',
    })
  })

  it.each([{ 'content-length': String(17 << 20) }, {}])('a body over 16 MiB (%o)', async (declared) => {
    const body = `{"text": "${'x'.repeat(16 << 20)}"}`
    expect(await problem(await fixture.post(path, body, declared as Record<string, string>))).toMatchObject({
      status: 413,
      code: 'TOO_LARGE',
    })
  })
})

describe('an idempotency key', () => {
  const key = { 'idempotency-key': 'order-17' }

  it('makes a repeat harmless: the same answer, and nothing appended', async () => {
    const body = [{ text: 'I want a refund' }, { text: 'now', user: 'bob' }]
    const first = await accepted(await fixture.post(path, body, key))
    expect(await accepted(await fixture.post(path, body, key))).toEqual(first)
    expect(await inLog(first[0]?.id)).toMatchObject([{ attributes: { 'idempotency-key': 'order-17' } }])
    expect(await inLog(first[1]?.id)).toHaveLength(1)
  })

  it('gives the same ids in another process, whose context stage drops the repeat', async () => {
    const other = await openFixture()
    const body = { text: 'hello', idempotencyKey: 'k' }
    const [here] = await accepted(await fixture.post(path, body))
    const [there] = await accepted(await other.post(path, body))
    await other.close()
    expect(there).toMatchObject({ id: here?.id, conversation: here?.conversation })
  })

  it('is refused with another utterance, and nothing of that request is taken', async () => {
    await accepted(await fixture.post(path, { text: 'one' }, { 'idempotency-key': 'k2' }))
    const before = (await fixture.utterances()).length
    const body = [
      { text: 'new', idempotencyKey: 'k3' },
      { text: 'two', idempotencyKey: 'k2' },
    ]
    const refused = await problem(await fixture.post(path, body))
    expect(refused).toMatchObject({ status: 409, code: 'KEY_REUSED', value: 'k2' })
    expect((await fixture.utterances()).length).toBe(before)
  })

  it('waits with a repeat until the first is durable, and shares its failure', async () => {
    const full = new ConnectorError('LOG_FULL', 'the disk is full')
    const probe = await openFixture({ log: failing(fixture.log, full) })
    const send = () => probe.post(path, { text: 'x' }, key)
    const [first, second] = await Promise.all([send(), send()])
    expect([first.status, second.status]).toEqual([507, 507])
    expect(await problem(await send())).toMatchObject({
      code: 'LOG_FULL',
      remedy: expect.stringContaining('free'),
    })
  })
})

const failing = (log: Fixture['log'], error: Error): Fixture['log'] => ({
  ...log,
  producer: async () => ({
    position: undefined,
    append: () => Promise.reject(error),
    close: async () => {},
  }),
})

describe('when there is too much', () => {
  it('answers 503 with Retry-After, before it reads the body', async () => {
    const small = await openFixture({ limits: { ...defaultLimits, inFlightBytes: 100 } })
    const response = await small.post(path, { text: 'x'.repeat(200) })
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await problem(response)).toMatchObject({ status: 503, code: 'OVERLOADED' })
    await small.close()
  })
})

describe('when the producer is fenced', () => {
  it('says that nothing is certain, and takes the next utterance', async () => {
    const named = await openFixture({ name: 'front' })
    expect((await named.post(path, { text: 'before' })).status).toBe(202)
    await (await named.log.producer('front')).close()
    const uncertain = await problem(await named.post(path, { text: 'uncertain' }))
    expect(uncertain).toMatchObject({ status: 503, code: 'UNAVAILABLE' })
    expect((await named.post(path, { text: 'after' })).status).toBe(202)
    expect((await named.utterances()).map(({ text }) => text).sort()).toEqual(['after', 'before'])
    await named.close()
  })
})
