import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClickHouseServer, startClickHouse } from '../../servers/clickhouse.ts'
import { type ClickhouseOptions, clickhouseOlap } from './clickhouse.ts'
import { failure, limits } from './contract/reading.ts'
import type { Olap } from './olap.ts'
import { checkVersion, prepareOlap } from './prepare.ts'

const users = { writer: { password: 'geheim' }, reader: { password: 'offen', readonly: true } }
const database = 'prepared'
let server: ClickHouseServer
const opened: Olap[] = []
beforeAll(async () => {
  server = await startClickHouse({ users, tls: true })
})
afterAll(async () => {
  for (const olap of opened) await olap.close()
  await server.stop()
})

const open = (options: Partial<ClickhouseOptions> = {}): Olap => {
  const ca = readFileSync(server.certificate?.certificate ?? '')
  const olap = clickhouseOlap({
    url: server.url,
    username: 'writer',
    password: 'geheim',
    database,
    ca,
    ...options,
  })
  opened.push(olap)
  return olap
}

test('over TLS, with a password and compressed, tables are made; several at once may do it, and again', async () => {
  const olap = open({ compression: true })
  await Promise.all([olap, open(), open()].map((one) => prepareOlap(one, { database, cluster: '' })))
  await prepareOlap(olap, { database, cluster: '' })
  expect((await olap.query('SHOW TABLES', limits)).rows.map(({ name }) => name)).toEqual([
    'alerts',
    'deadletters',
    'processed',
    'replies',
    'sentiment_by_minute',
    'sentiment_by_minute_view',
  ])
})

test('a wrong password is said at once, with what to check; no try mends it', async () => {
  const { code, message, retryable } = await failure(
    prepareOlap(open({ password: 'falsch' }), { database, cluster: '' }),
  )
  expect({ code, retryable }).toEqual({ code: 'UNAUTHORIZED', retryable: false })
  expect(message).toContain('check olap.username and olap.password')
  expect((await failure(open({ username: 'nobody' }).query('SELECT 1', limits))).code).toBe('UNAUTHORIZED')
})

test('a user who may only read is told so before any row comes, and may query', async () => {
  const olap = open({ username: 'reader', password: 'offen' })
  const { code, message } = await failure(prepareOlap(olap, { database, cluster: '' }))
  expect(code).toBe('UNAUTHORIZED')
  expect(message).toContain('must not be readonly')
  expect((await olap.query('SELECT count() AS n FROM processed', limits)).rows).toEqual([{ n: 0 }])
})

test('a server whose certificate nobody vouches for is not spoken to', async () => {
  const olap = clickhouseOlap({ url: server.url, username: 'writer', password: 'geheim' })
  opened.push(olap)
  const { code, message } = await failure(olap.migrate(['SELECT 1']))
  expect(code).toBe('UNAVAILABLE')
  expect(message).toContain('self-signed certificate')
})

test('a server that is too old is told from one that is new enough', async () => {
  await checkVersion(open(), [24, 8])
  const { code, message } = await failure(checkVersion(open(), [99, 1]))
  expect(code).toBe('MISCONFIGURED')
  expect(message).toBe('the server is too old: install ClickHouse 99.1 or newer')
})

test('a cluster that the server can not make tables on is said at once', async () => {
  const { code, message } = await failure(prepareOlap(open(), { database, cluster: 'reporting' }))
  expect(code).toBe('MISCONFIGURED')
  expect(message).toContain('olap.cluster')
})
