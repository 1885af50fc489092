import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Fixture, openFixture } from './fixture.ts'
import { defaultLimits } from './gateway.ts'
import { type Listening, listen } from './server.ts'

const host = '127.0.0.1'
let fixture: Fixture
let server: Listening
const start = async (limits = defaultLimits) => {
  fixture = await openFixture({ limits })
  server = await listen(fixture.gateway, { host, port: 0 })
}
beforeEach(() => start())
afterEach(async () => {
  await server.stop()
  await fixture.close()
})

interface Client {
  readonly socket: WebSocket
  send(message: unknown): void
  /** The next message, parsed. */
  next(): Promise<Record<string, unknown>>
  readonly closed: Promise<number>
}

async function connect(headers: Record<string, string> = {}, path = '/v1/ws'): Promise<Client> {
  const socket = new WebSocket(`${server.address.replace('http', 'ws')}${path}`, { headers })
  const received: Record<string, unknown>[] = []
  socket.on('message', (data) => received.push(JSON.parse(String(data))))
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  await new Promise((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  return {
    socket,
    closed,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async next() {
      await expect.poll(() => received.length, { interval: 2, timeout: 5000 }).toBeGreaterThan(0)
      return received.shift() as Record<string, unknown>
    },
  }
}

describe('over HTTP', () => {
  it('takes an utterance and gives its reply', async () => {
    await fixture.answerEverything()
    const posted = await fetch(`${server.address}/v1/utterances`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ conversation: 'c1', text: 'hi' }),
    })
    const { accepted } = (await posted.json()) as { accepted: { cursor: string }[] }
    const got = await fetch(
      `${server.address}/v1/replies?conversation=c1&after=${accepted[0]?.cursor}&wait=5s`,
    )
    expect(await got.json()).toMatchObject({ replies: [{ text: 'you said: hi' }] })
  })

  it('refuses a body that declares no length and grows over the limit', async () => {
    const chunk = Buffer.alloc(1 << 20, ' ')
    const body = new ReadableStream({
      start(stream) {
        for (let sent = 0; sent < 20; sent++) stream.enqueue(chunk)
        stream.close()
      },
    })
    const headers = { 'content-type': 'application/json' }
    const request = { method: 'POST', headers, body, duplex: 'half' } as RequestInit
    expect((await fetch(`${server.address}/v1/utterances`, request)).status).toBe(413)
  })

  it('names the port that is in use, and the flag', async () => {
    const other = createServer().listen(0, host)
    await new Promise((resolve) => other.on('listening', resolve))
    const { port } = other.address() as { port: number }
    const spare = await openFixture()
    await expect(listen(spare.gateway, { host, port })).rejects.toThrow(
      `port ${port} of 127.0.0.1 is in use: stop the program that has it, or choose another one with --port`,
    )
    await expect(listen(spare.gateway, { host: '192.0.2.1', port: 0 })).rejects.toThrow('check --host')
    await spare.close()
    other.close()
  })
})

describe('over the WebSocket', () => {
  it('takes an utterance, then sends what answers it', async () => {
    await fixture.answerEverything()
    const client = await connect()
    for (const text of ['hi', 'and now?']) {
      client.send({ type: 'utterance', ref: text, conversation: 'c1', text })
      const accepted = await client.next()
      expect(accepted).toMatchObject({ type: 'accepted', ref: text, conversation: 'c1' })
      expect(await client.next()).toMatchObject({
        type: 'reply',
        inReplyTo: accepted.id,
        text: `you said: ${text}`,
      })
    }
    const metrics = await fixture.gateway.metrics.metrics()
    expect(metrics).toContain('murmur_gateway_sockets 1')
    expect(metrics).toContain('murmur_gateway_reply_seconds_count 2')
  })

  it('hears a conversation without speaking, from a cursor on, without gap or double', async () => {
    const { cursor } = (await (await fixture.request('/v1/replies?conversation=c1')).json()) as {
      cursor: string
    }
    const texts = Array.from({ length: 300 }, (_, index) => String(index))
    await fixture.reply(...texts.slice(0, 250).map((text) => ({ text })))
    const client = await connect()
    client.send({ type: 'subscribe', conversation: 'c1', after: cursor })
    await fixture.reply(...texts.slice(250).map((text) => ({ text })))
    const heard: unknown[] = []
    while (heard.length < 300) {
      const message = await client.next()
      if (message.type === 'reply') heard.push(message.text)
    }
    expect(heard).toEqual(texts)
  })

  it('hears no more after unsubscribing', async () => {
    const client = await connect()
    client.send({ type: 'subscribe', conversation: 'c1' })
    expect(await client.next()).toMatchObject({ type: 'subscribed' })
    client.send({ type: 'unsubscribe', conversation: 'c1' })
    expect(await client.next()).toMatchObject({ type: 'unsubscribed' })
    await fixture.reply({ text: 'unheard' })
    client.send({ type: 'subscribe', conversation: 'c2', ref: 'r' })
    expect(await client.next()).toMatchObject({ type: 'subscribed', ref: 'r' })
  })

  it.each([
    ['{"type": "utter', { code: 'INVALID_JSON' }],
    ['[]', { code: 'INVALID_FIELD' }],
    ['{"type": "say"}', { field: 'type', remedy: 'use one of utterance, subscribe, unsubscribe' }],
    ['{"type": "utterance", "txt": "hi", "ref": "7"}', { field: 'txt', ref: '7' }],
    ['{"type": "subscribe", "conversation": "c1", "after": "?"}', { code: 'INVALID_CURSOR' }],
  ])('answers %s with an error, and stays open', async (message, error) => {
    const client = await connect()
    client.send(message)
    expect(await client.next()).toMatchObject({ type: 'error', ...error })
    expect(client.socket.readyState).toBe(WebSocket.OPEN)
  })

  it('closes on binary (1003) and on a message over the limit (1009)', async () => {
    const binary = await connect()
    binary.socket.send(Buffer.from([1, 2]))
    expect(await binary.closed).toBe(1003)
    await server.stop()
    await fixture.close()
    await start({ ...defaultLimits, bodyBytes: 1000 })
    const long = await connect()
    long.send('x'.repeat(1001))
    expect(await long.closed).toBe(1009)
  })

  it('closes a client that reads too slowly (1013)', async () => {
    await server.stop()
    await fixture.close()
    await start({ ...defaultLimits, socketBytes: 1000 })
    const client = await connect()
    client.send({ type: 'subscribe', conversation: 'c1' })
    await client.next()
    client.socket.pause()
    const text = 'x'.repeat(1 << 20)
    for (let sent = 0; sent < 20; sent++) await fixture.reply({ text })
    setTimeout(() => client.socket.resume(), 300)
    expect(await client.closed).toBe(1013)
  })

  it('refuses foreign origins, foreign hosts and other paths, and says why', async () => {
    await expect(connect({ origin: 'http://evil.test' })).rejects.toThrow('403')
    await expect(connect({ host: 'evil.test' })).rejects.toThrow('403')
    await expect(connect({}, '/v1/other')).rejects.toThrow('404')
  })
})

describe('stopping', () => {
  it('says goodbye to sockets (1001), and lets what is in flight finish', async () => {
    const client = await connect()
    const waiting = fetch(`${server.address}/v1/replies?conversation=c1&wait=20s`)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const started = performance.now()
    await server.stop()
    expect(await client.closed).toBe(1001)
    expect((await waiting).status).toBe(200)
    expect(performance.now() - started).toBeLessThan(2000)
    await expect(fetch(`${server.address}/healthz`)).rejects.toThrow()
    server = { ...server, stop: async () => {} }
  })
})
