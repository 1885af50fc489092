import { existsSync, statSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createClient } from '@clickhouse/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clickhouseOlap } from './clickhouse.ts'
import { contractDatabase, olapContract } from './contract.ts'
import { chdbEngine, type Engine } from './engine.ts'
import { type Served, serveClickhouse } from './server.ts'

let root: string
let engine: Engine
let served: Served
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'murmur-clickhouse-'))
  engine = chdbEngine({ folder: join(root, 'olap') })
  served = await serveClickhouse(engine, { port: 0 })
})
afterAll(async () => {
  await served.close()
  await engine.close()
  await rm(root, { recursive: true })
})

const limits = { maxRows: 10, maxSeconds: 5, maxBytes: 1000 }

olapContract('a ClickHouse server, over a unix socket', async () => {
  const secret = join(root, 'secret.csv')
  await writeFile(secret, 'secret\n')
  const socketPath = join(root, 'clickhouse.sock')
  const server = await serveClickhouse(engine, { socketPath })
  expect(statSync(socketPath).mode & 0o777).toBe(0o600)
  const olap = clickhouseOlap({ url: server.url, socketPath, database: contractDatabase })
  return {
    olap,
    secret,
    async close() {
      expect(existsSync(`${secret}.out`)).toBe(false)
      await olap.close()
      await server.close()
    },
  }
})

test('@clickhouse/client itself: ping, parameters, inserts as they are and compressed', async () => {
  const client = createClient({ url: served.url, compression: { request: true, response: true } })
  expect(await client.ping()).toEqual({ success: true })
  await client.command({
    query: 'CREATE TABLE plain (id UInt32, text String) ENGINE = MergeTree ORDER BY id',
  })
  await client.insert({ table: 'plain', values: [{ id: 1, text: "a 'b'" }], format: 'JSONEachRow' })
  const result = await client.query({
    query: 'SELECT text FROM plain WHERE id = {id:UInt32}',
    query_params: { id: 1 },
    format: 'JSONEachRow',
  })
  expect(await result.json()).toEqual([{ text: "a 'b'" }])
  await client.close()
})

test('the interface by hand', async () => {
  const get = (query: string) => fetch(`${served.url}/?${new URLSearchParams({ query })}`)
  expect(await (await get('SELECT 1 AS one FORMAT TSV')).text()).toBe('1\n')
  const gzipped = await fetch(`${served.url}/?default_format=CSV&database=system`, {
    method: 'POST',
    headers: { 'content-encoding': 'gzip' },
    body: gzipSync('SELECT * FROM one'),
  })
  expect(await gzipped.text()).toBe('0\n')
  const failed = await get('SELECT * FROM nowhere')
  expect(failed.headers.get('x-clickhouse-exception-code')).toBe('60')
  expect(await failed.text()).toMatch(/^Code: 60\. DB::Exception: .*\(UNKNOWN_TABLE\)$/s)
})

test('a server that is gone is unavailable', async () => {
  const gone = await serveClickhouse(engine, { port: 0 })
  const olap = clickhouseOlap({ url: gone.url })
  expect((await olap.query('SELECT 1 AS one', limits)).rows).toEqual([{ one: 1 }])
  const closing = gone.close()
  await olap.close()
  await closing
  const late = clickhouseOlap({ url: gone.url })
  await expect(late.query('SELECT 1', limits)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  await expect(late.migrate(['SELECT 1'])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await late.close()
})
