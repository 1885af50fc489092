import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConnectorError } from '../connectors/errors.ts'
import type { Log } from '../connectors/log/log.ts'
import { RecordsBuilder } from '../connectors/log/records.ts'
import type { Reply } from '../schemas/generated/events.ts'
import { formatCursor } from './cursor.ts'
import { type Fixture, openFixture, partitions } from './fixture.ts'

let fixture: Fixture
beforeEach(async () => {
  fixture = await openFixture()
})
afterEach(() => fixture.close())

interface Answer {
  readonly replies: Reply[]
  readonly cursor: string
  readonly more: boolean
}
const get = async (query: string): Promise<Answer> => {
  const response = await fixture.request(`/v1/replies?${query}`)
  expect(response.status, await response.clone().text()).toBe(200)
  return (await response.json()) as Answer
}
const texts = ({ replies }: Answer) => replies.map(({ text }) => text)

describe('GET /v1/replies', () => {
  it('gives the conversation’s replies of the last hour, and a cursor to go on with', async () => {
    const old = Date.now() - 3_700_000
    await fixture.reply({ text: 'long ago', createdAt: old })
    await fixture.reply({ text: 'one' }, { text: 'for another', conversation: 'c2' }, { text: 'two' })
    const first = await get('conversation=c1')
    expect(texts(first)).toEqual(['one', 'two'])
    await fixture.reply({ text: 'three' })
    expect(texts(await get(`conversation=c1&after=${first.cursor}`))).toEqual(['three'])
  })

  it('misses nothing after a POST: its cursor lies before the reply', async () => {
    await fixture.answerEverything()
    for (const text of ['hi', 'and now?']) {
      const posted = await fixture.post('/v1/utterances', { conversation: 'c9', text })
      const { accepted } = (await posted.json()) as { accepted: { id: string; cursor: string }[] }
      const { replies } = await get(`conversation=c9&after=${accepted[0]?.cursor}&wait=5s`)
      expect(replies).toMatchObject([{ inReplyTo: accepted[0]?.id, text: `you said: ${text}` }])
    }
    expect(await fixture.gateway.metrics.metrics()).toMatch(/murmur_gateway_replies_total 2/)
  })

  it('pages through many', async () => {
    await fixture.reply(...Array.from({ length: 250 }, (_, index) => ({ text: String(index) })))
    const first = await get('conversation=c1&limit=200')
    const second = await get(`conversation=c1&limit=200&after=${first.cursor}`)
    expect([first.more, second.more]).toEqual([true, false])
    expect([...texts(first), ...texts(second)]).toEqual(
      Array.from({ length: 250 }, (_, index) => String(index)),
    )
  })

  it('waits for a reply as long as it is told to, and no longer', async () => {
    const started = performance.now()
    const { cursor } = await get('conversation=c1&wait=50ms')
    expect(performance.now() - started).toBeGreaterThan(45)
    const waiting = get(`conversation=c1&after=${cursor}&wait=20s`)
    await fixture.reply({ conversation: 'c2' })
    await fixture.reply({ text: 'at last' })
    expect(texts(await waiting)).toEqual(['at last'])
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it('stops waiting when the client goes, and when the gateway stops', async () => {
    const client = new AbortController()
    const gone = fixture.request('/v1/replies?conversation=c1&wait=20s', { signal: client.signal })
    const waiting = get('conversation=c1&wait=20s')
    setTimeout(() => client.abort(), 20)
    expect((await gone).status).toBe(200)
    fixture.gateway.replies.release()
    expect(texts(await waiting)).toEqual([])
    expect(texts(await get('conversation=c1&wait=20s'))).toEqual([])
  })

  it.each([
    ['conversation=c1&after=???', 400, { code: 'INVALID_CURSOR', message: 'this is no cursor' }],
    [`conversation=c1&after=${formatCursor({ partition: 99, offset: 0 })}`, 400, { field: 'after' }],
    ['', 422, { field: 'conversation', remedy: 'add the field' }],
    ['conversation=c1&wait=soon', 422, { field: 'wait', value: '"soon"', remedy: 'such as 10s' }],
    ['conversation=c1&limit=0', 422, { field: 'limit' }],
    ['conversaton=c1', 422, {}],
  ])('refuses %s', async (query, status, error) => {
    const response = await fixture.request(`/v1/replies?${query}`)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error })
  })
})

describe('when the log is not as it should be', () => {
  it('a cursor that retention has overtaken is 410, with the way on', async () => {
    const after = formatCursor(fixture.gateway.replies.end('c1'))
    const read: Log['read'] = async () => {
      throw new ConnectorError('OFFSET_OUT_OF_RANGE', 'offset 0 of replies/1 is gone')
    }
    const other = await openFixture({
      log: { ...fixture.log, read, offsetAt: async () => 0, close: async () => {} },
    })
    const response = await other.request(`/v1/replies?conversation=c1&after=${after}`)
    expect(response.status).toBe(410)
    expect(await response.json()).toMatchObject({
      error: { remedy: expect.stringContaining('without "after"') },
    })
    await other.close()
  })

  it('the tail tries again after a fault, and says so meanwhile', async () => {
    let away = true
    const tail: Log['tail'] = async (...given) => {
      if (away) throw new ConnectorError('UNAVAILABLE', 'the broker is away')
      return fixture.log.tail(...given)
    }
    const other = await openFixture({ log: { ...fixture.log, tail, close: async () => {} } })
    await expect.poll(() => other.gateway.replies.fault?.message).toBe('the broker is away')
    away = false
    await expect.poll(() => other.gateway.replies.fault, { timeout: 3000 }).toBeUndefined()
    await other.close()
  })

  it('bytes that are no reply are skipped and counted', async () => {
    const end = fixture.gateway.replies.end('c1')
    const builder = new RecordsBuilder('replies', end.partition)
    builder.add('c1', Buffer.from('not Avro at all'), Date.now())
    builder.add('c1', Buffer.from([0, 0, 0, 9, 9, 1]), Date.now())
    builder.add('c1', Buffer.from([0, 0, 0, 0, 7, 1]), Date.now())
    const producer = await fixture.log.producer('broken')
    await producer.append([builder.take()])
    await fixture.reply({ text: 'sound' })
    expect(texts(await get(`conversation=c1&after=${formatCursor(end)}`))).toEqual(['sound'])
    expect(await fixture.gateway.metrics.metrics()).toMatch(/murmur_gateway_undecodable_replies_total [3-6]/)
  })

  it('topics that are missing are named', async () => {
    const topics = async () => [
      { name: 'utterances', partitions, retentionMs: 1, retentionBytes: 1, offsets: [] },
    ]
    const without = (found: Log['topics']) =>
      openFixture({ log: { ...fixture.log, topics: found, close: async () => {} } })
    await expect(without(topics)).rejects.toThrow('the topic "replies" is missing: create the topics first')
    await expect(without(async () => [])).rejects.toThrow('the topic "utterances" is missing')
  })
})
