import { Hono } from 'hono'
import { Registry as MetricsRegistry } from 'prom-client'
import { afterEach, describe, expect, it } from 'vitest'
import { ConnectorError } from '../connectors/errors.ts'
import type { Olap } from '../connectors/olap/olap.ts'
import type { HealthReport } from '../streams/health.ts'
import { createApp } from './app.ts'
import { type Fixture, openFixture } from './fixture.ts'
import type { GatewayOptions } from './gateway.ts'

let fixture: Fixture
afterEach(() => fixture.close())
const open = async (options: Partial<GatewayOptions> = {}) => {
  fixture = await openFixture(options)
}

const olap = (query: Olap['query']): Partial<GatewayOptions> => ({ olap: { query } })

describe('POST /v1/query', () => {
  it('gives columns, rows and the time it took', async () => {
    const result = { columns: [{ name: 'n', type: 'UInt64' }], rows: [{ n: 3 }] }
    await open(
      olap(async (sql, { maxRows }) => (sql === 'SELECT 3' && maxRows === 10 ? result : Promise.reject())),
    )
    const response = await fixture.post('/v1/query', { sql: 'SELECT 3', maxRows: 10 })
    expect(await response.json()).toEqual({ ...result, elapsedMs: expect.any(Number) })
  })

  it.each([
    ['QUERY_REFUSED', 400],
    ['QUERY_LIMIT', 422],
    ['UNAVAILABLE', 503],
  ] as const)('%s is %i', async (code, status) => {
    await open(olap(() => Promise.reject(new ConnectorError(code, 'no'))))
    const response = await fixture.post('/v1/query', { sql: 'DROP TABLE x' })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ error: { code, remedy: expect.any(String) } })
  })

  it('is 503 with a remedy where there is no OLAP side, 422 for what it doesn’t know', async () => {
    await open()
    expect((await fixture.post('/v1/query', { sql: 'SELECT 1' })).status).toBe(503)
    const response = await fixture.post('/v1/query', { sql: 'SELECT 1', maxrows: 3 })
    expect(await response.json()).toMatchObject({
      error: { field: 'maxrows', remedy: expect.stringContaining('"maxRows"') },
    })
  })
})

describe('health', () => {
  const report = (processors: HealthReport['processors'], ready = true): Partial<GatewayOptions> => ({
    health: () => ({ ready, startedAt: 1000, processors }),
  })
  const sink = { name: 'sink', instance: '1' }

  it('/healthz and /readyz say yes while all is well', async () => {
    await open(
      report([
        { ...sink, state: 'running' },
        { ...sink, state: 'idle' },
      ]),
    )
    expect(await (await fixture.request('/healthz')).json()).toMatchObject({ alive: true, pid: process.pid })
    const ready = await fixture.request('/readyz')
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, reasons: [] }])
  })

  it('/readyz names what is not ready, and why', async () => {
    const producer = async () => ({
      position: undefined,
      append: () => Promise.reject(new ConnectorError('LOG_FULL', 'the disk is full')),
      close: async () => {},
    })
    await open(
      report([
        { ...sink, state: 'retrying', reason: 'ClickHouse is away' },
        { ...sink, state: 'starting' },
      ]),
    )
    const other = await openFixture({
      ...report([], false),
      log: { ...fixture.log, producer, close: async () => {} },
    })
    const reasons = async ({ request }: Fixture) => {
      const response = await request('/readyz')
      expect(response.status).toBe(503)
      return ((await response.json()) as { reasons: string[] }).reasons
    }
    expect(await reasons(fixture)).toEqual([
      'processor sink (1) is retrying: ClickHouse is away',
      'processor sink (1) is starting',
    ])
    expect(await reasons(other)).toEqual([
      'the pipeline has not started all of its processors yet',
      'the log takes no writes: the disk is full',
    ])
    await other.close()
  })

  it('/v1/status is the report', async () => {
    const processor = { ...sink, state: 'running', lag: 3, rate: 100, delayMs: { p50: 2, p99: 9 } } as const
    await open(report([processor]))
    expect(await (await fixture.request('/v1/status')).json()).toMatchObject({ processors: [processor] })
  })

  it('/metrics counts requests by route and status', async () => {
    await open({ metrics: new MetricsRegistry() })
    await fixture.request('/healthz')
    await fixture.post('/v1/utterances', { text: 'hi' })
    await fixture.request('/healthz/nowhere')
    const metrics = await fixture.request('/metrics')
    expect(metrics.headers.get('content-type')).toContain('text/plain')
    const text = await metrics.text()
    expect(text).toContain('murmur_gateway_requests_total{route="/healthz",status="200"} 1')
    expect(text).toContain('murmur_gateway_requests_total{route="/v1/utterances",status="202"} 1')
    expect(text).toContain('murmur_gateway_requests_total{route="none",status="404"} 1')
    expect(text).toContain('murmur_gateway_utterances_total 1')
  })
})

describe('who may call', () => {
  const call = (headers: Record<string, string>, bound?: string) =>
    createApp(fixture.gateway, bound).request('/healthz', { headers })

  it('on loopback only loopback’s names: a site that points its name here is refused', async () => {
    await open()
    for (const host of ['localhost:8080', '127.0.0.1', '[::1]:8080'])
      expect((await call({ host })).status, host).toBe(200)
    const refused = await call({ host: 'evil.test:8080' })
    expect(refused.status).toBe(403)
    expect(await refused.json()).toMatchObject({
      error: { code: 'FOREIGN_HOST', field: 'Host', value: 'evil.test:8080' },
    })
    expect((await call({ host: 'murmur.test' }, '0.0.0.0')).status).toBe(200)
  })

  it('pages of its own, but not of other sites', async () => {
    await open()
    const host = 'localhost:8080'
    expect((await call({ host, origin: 'http://localhost:8080' })).status).toBe(200)
    for (const origin of ['http://evil.test', 'null', 'http://localhost:3000'])
      expect(await (await call({ host, origin })).json()).toMatchObject({ error: { code: 'FOREIGN_ORIGIN' } })
  })
})

describe('paths', () => {
  it('names those that there are where one is unknown', async () => {
    await open()
    const response = await fixture.request('/v1/utterance')
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({
      error: { remedy: expect.stringContaining('/v1/utterances') },
    })
  })

  it('serves the schema registry under /registry', async () => {
    await open({ registryRoutes: new Hono().get('/subjects', (c) => c.json(['replies-value'])) })
    expect(await (await fixture.request('/registry/subjects')).json()).toEqual(['replies-value'])
  })

  it('owns up to a failure of its own', async () => {
    await open({
      health: () => {
        throw new TypeError('boom')
      },
    })
    const response = await fixture.request('/v1/status')
    expect([response.status, await response.json()]).toEqual([
      500,
      { error: { code: 'INTERNAL', message: 'the gateway failed: TypeError: boom' } },
    ])
  })
})
