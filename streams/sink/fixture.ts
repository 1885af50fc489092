import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest'
import { openEnvironment } from '../../connectors/embedded/environment.ts'
import { ConnectorError } from '../../connectors/errors.ts'
import { type EmbeddedLog, embeddedLog } from '../../connectors/log/embedded.ts'
import { RecordsBuilder, valueAt } from '../../connectors/log/records.ts'
import { chdbOlap } from '../../connectors/olap/chdb.ts'
import { clickhouseOlap } from '../../connectors/olap/clickhouse.ts'
import { chdbEngine } from '../../connectors/olap/engine.ts'
import type { Olap } from '../../connectors/olap/olap.ts'
import type { Registry } from '../../connectors/registry/registry.ts'
import { type AvroSchema, codec } from '../../schemas/codec.ts'
import { deadletters } from '../../schemas/topics.ts'
import { encodeFramed, headerBytes } from '../../schemas/wire.ts'
import { type ClickHouseServer, startClickHouse } from '../../servers/clickhouse.ts'
import type { RunningProcessor } from '../runtime/processor.ts'
import { type SinkOptions, startSink } from './sink.ts'

const record = (fields: readonly { name: string; type: string; default?: unknown }[]) =>
  ({ type: 'record', name: 'Note', fields }) as const satisfies AvroSchema
const fields = [
  { name: 'id', type: 'long' },
  { name: 'text', type: 'string' },
]
const notes = [
  codec<object>(record(fields)),
  codec<object>(record([...fields, { name: 'more', type: 'string', default: '' }])),
]
const schemas = new Map<number, AvroSchema>([
  [1, (notes[0] as (typeof notes)[0]).schema],
  [2, (notes[1] as (typeof notes)[0]).schema],
])

/** A registry that has these schemas; `connectors/registry` has its own tests. */
const registry: Registry = {
  register: async () => 99,
  async schema(id) {
    const schema = schemas.get(id)
    if (!schema) throw new ConnectorError('UNKNOWN_SCHEMA', `no schema ${id}`)
    return schema
  },
  close: async () => {},
}

const tableOf = (name: string) => ({
  table: `sink.${name}`,
  columns: [
    { name: 'id', field: 'id', expression: 'id' },
    { name: 'text', field: 'text', expression: "if(throwIf(text = 'bad') = 0, text, '')" },
    { name: 'more', field: 'more', expression: 'more' },
  ],
})
const deadletterTable = {
  table: 'sink.deadletters',
  columns: ['id', 'topic', 'offset', 'code', 'reason'].map((name) => ({
    name,
    field: name,
    expression: `\`${name}\``,
  })),
}
const deduplicated = 'SETTINGS non_replicated_deduplication_window = 1000'
const migrations = [
  'CREATE DATABASE IF NOT EXISTS sink',
  `CREATE TABLE sink.notes (id UInt64, text String, more String DEFAULT 'unknown') ENGINE = MergeTree PARTITION BY id % 3 ORDER BY id ${deduplicated}`,
  `CREATE TABLE sink.counts (day UInt8, n UInt64) ENGINE = SummingMergeTree ORDER BY day ${deduplicated}`,
  'CREATE MATERIALIZED VIEW sink.counts_view TO sink.counts AS SELECT 1 AS day, count() AS n FROM sink.notes GROUP BY day',
  `CREATE TABLE sink.deadletters (id String, topic String, offset Int64, code String, reason String) ENGINE = MergeTree ORDER BY id ${deduplicated}`,
]

/** Where the tables lie, for the suites that run on each. */
const engines = {
  'chdb, in the process': async (folder: string) =>
    chdbOlap(chdbEngine({ folder: join(folder, 'olap') }), 'sink'),
  'a server, over HTTP': async () => {
    server = await startClickHouse()
    const remote = clickhouseOlap({ url: server.url, database: 'sink', timeoutMs: 2000 })
    return {
      ...remote,
      async close() {
        await remote.close()
        await server.stop()
      },
    }
  },
}

export let olap: Olap
/** Where the tables lie in one. */
export let server: ClickHouseServer
export let log: EmbeddedLog
let closeLog: () => Promise<void>
const running: RunningProcessor[] = []

/** Runs the tests with sinks over a real log and each engine. */
export const describeSink = (tests: () => void): void => {
  for (const name of Object.keys(engines)) describeSinkOn(name as keyof typeof engines, tests)
}

/** Runs the tests with sinks over a real log and this engine, both empty before every test. */
export const describeSinkOn = (name: keyof typeof engines, tests: () => void): void => {
  describe(name, () => {
    let folder: string
    let runs = 0
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'murmur-sink-'))
      olap = await engines[name](folder)
    })
    afterAll(async () => {
      await olap.close()
      await rm(folder, { recursive: true })
    })
    beforeEach(async () => {
      await olap.migrate(['DROP DATABASE IF EXISTS sink SYNC', ...migrations])
      const environment = openEnvironment(join(folder, `log-${runs++}`))
      log = embeddedLog(environment, { heartbeatMs: 100 })
      closeLog = async () => {
        await log.close()
        await environment.close()
      }
      const retention = { retentionMs: 1e12, retentionBytes: 1e12 }
      await log.createTopics([
        { name: 'notes', partitions: 2, ...retention },
        { name: 'deadletters', partitions: 1, ...retention },
      ])
    })
    afterEach(async () => {
      await Promise.all(running.splice(0).map((sink) => sink.stop()))
      await closeLog()
    })
    tests()
  })
}

export const start = async (options: Partial<SinkOptions> = {}): Promise<RunningProcessor> => {
  const sink = await startSink({
    ...{ log, olap, registry, lingerMs: 50, backoff: { firstMs: 5, maxMs: 20 } },
    tables: { notes: tableOf('notes'), deadletters: deadletterTable },
    ...options,
  })
  sink.done.catch(() => {})
  running.push(sink)
  return sink
}

export const framed = (id: number, text: string, schemaId = 1): Buffer => {
  const buffer = Buffer.alloc(200)
  const one = notes[schemaId === 2 ? 1 : 0] as (typeof notes)[0]
  return buffer.subarray(0, encodeFramed(one, schemaId, { id, text, more: 'x' }, buffer, 0))
}

export async function append(partition: number, values: readonly Buffer[], topic = 'notes'): Promise<void> {
  const builder = new RecordsBuilder(topic, partition)
  for (const [i, value] of values.entries()) builder.add(`key-${i}`, value, 1_700_000_000_000 + i)
  const producer = await log.producer('test')
  await producer.append([builder.take()])
  await producer.close()
}

export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const limits = { maxRows: 100_000, maxSeconds: 10, maxBytes: 1 << 24 }
const ask = async <T>(sql: string) => (await olap.query(sql, limits)).rows as readonly T[]
const stored = async () => (await ask<{ id: number }>('SELECT id FROM notes ORDER BY id')).map(({ id }) => id)
export const counted = async () => (await ask<{ n: number }>('SELECT sum(n) AS n FROM counts'))[0]?.n

export async function until(what: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await what()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect.unreachable('waited too long')
}
/** The rows are seen a moment before what the views make of them. */
export const rows = (n: number) =>
  until(async () => (await stored()).length >= n && ((await counted()) ?? 0) >= n)

export async function expectExactly(ids: readonly number[]): Promise<void> {
  expect(await stored()).toEqual(ids)
  expect(await counted()).toBe(ids.length)
}

export async function letters(): Promise<{ code: string; offset: number }[]> {
  const found = await log.read('deadletters', 0, 0, 1 << 20)
  if (!found) return []
  return range(0, found.count).map((i) => {
    const value = valueAt(found, i)
    const { code, offset } = deadletters.codec.decode(value, headerBytes, value.length)
    return { code, offset }
  })
}
