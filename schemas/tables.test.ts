import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chdbOlap } from '../connectors/olap/chdb.ts'
import { failure, limits } from '../connectors/olap/contract/reading.ts'
import { chdbEngine } from '../connectors/olap/engine.ts'
import type { Block, Olap } from '../connectors/olap/olap.ts'
import { prepareOlap } from '../connectors/olap/prepare.ts'
import { type AvroSchema, codec } from './codec.ts'
import { containerFile } from './container.ts'
import { tables, views } from './generated/clickhouse.ts'
import { literal } from './sql.ts'
import { tableStatements } from './tables.ts'

const database = 'murmur'
const cluster = 'reporting'
const statements = tableStatements({ tables, views }, { database, cluster })

/** One shard, which is this process: 9000 is the port that it would listen on. */
const config = `<clickhouse>
  <tcp_port>9000</tcp_port>
  <macros><shard>01</shard><replica>a</replica></macros>
  <remote_servers><${cluster}><shard>
    <internal_replication>true</internal_replication>
    <replica><host>127.0.0.1</host><port>9000</port></replica>
  </shard></${cluster}></remote_servers>
</clickhouse>`

let folder: string
let olap: Olap
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'murmur-cluster-'))
  const file = join(folder, 'config.xml')
  await writeFile(file, config)
  olap = chdbOlap(chdbEngine({ folder, config: file }), database)
  await olap.migrate([`CREATE DATABASE ${database}`])
})
afterAll(async () => {
  await olap.close()
  await rm(folder, { recursive: true })
})
const ask = async (sql: string) => (await olap.query(sql, limits)).rows

test('ClickHouse reads every statement as it was meant: each runs on the whole cluster', async () => {
  for (const statement of statements) {
    const [row] = await ask(`SELECT formatQuerySingleLine(${literal(statement)}) AS read`)
    expect(row?.read).toContain(` ON CLUSTER ${cluster}`)
  }
  const replicated = statements.filter((statement) => statement.includes('ENGINE = Replicated'))
  expect(replicated).toHaveLength(tables.length)
  for (const statement of replicated)
    expect(statement).toContain('replicated_deduplication_window_seconds = 604800')
})

/**
 * What the engine has without Keeper and without a server's ON CLUSTER: tables that are not replicated, with the
 * window under its other name.
 */
const alone = (statement: string): string =>
  statement
    .replace(` ON CLUSTER \`${cluster}\``, '')
    .replace(/Replicated(\w+)\('[^']*', '[^']*'\)/, '$1')
    .replace(
      /replicated_deduplication_window = (\d+), replicated_\w+ = \d+/,
      'non_replicated_deduplication_window = $1',
    )

test('a replicated table wants Keeper, and nothing else', async () => {
  const [create = ''] = statements.filter((statement) => statement.includes('processed_local'))
  const { code, message } = await failure(olap.migrate([create.replace(` ON CLUSTER \`${cluster}\``, '')]))
  expect(code).toBe('MISCONFIGURED')
  expect(message).toContain("Can't create replicated table without ZooKeeper")
})

const schema = {
  type: 'record',
  name: 'Said',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'role', type: 'string' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ],
} as const satisfies AvroSchema
interface Said {
  readonly id: string
  readonly role: string
  readonly at: number
}

function block(token: string, ids: readonly string[]): Block {
  const said = codec<Said>(schema)
  const slices = ids.map((id, index) => {
    const data = Buffer.alloc(100)
    const at = Date.UTC(2026, index % 3, 1)
    return { data, start: 0, end: said.encode({ id, role: 'user', at }, data, 0) }
  })
  const columns = [
    { name: 'id', expression: 'id' },
    { name: 'conversation', expression: "concat('c', id)" },
    { name: 'role', expression: 'role' },
    { name: 'occurred_at', expression: 'at' },
  ]
  return { table: `${database}.processed`, columns, avro: containerFile(schema, slices), token }
}

const counts = async () =>
  (
    await ask(
      'SELECT (SELECT count() FROM processed) AS rows, (SELECT count() FROM processed_local) AS held, (SELECT sum(utterances) FROM sentiment_by_minute) AS summed',
    )
  )[0]

test('through the distributed table a repeated block counts once, in the table and in the rollup', async () => {
  await olap.migrate(statements.map(alone))
  await olap.migrate(statements.map(alone))
  const ids = Array.from({ length: 300 }, (_, i) => `u${i}`)
  for (let time = 0; time < 3; time++) await olap.insert(block('t/0/0-299/1', ids))
  await olap.insert(block('t/0/300-300/1', ['u300']))
  await olap.insert(block('t/0/0-299/1', ids))
  expect(await counts()).toEqual({ rows: 301, held: 301, summed: 301 })
})

test('a block whose last row is at fault is refused before any shard has a row of it, however long it is', async () => {
  const before = await counts()
  const ids = Array.from({ length: 200_000 }, (_, i) => `v${i}`)
  const whole = block('t/0/301-200300/1', ids)
  const [id, ...others] = whole.columns
  const strict = { name: 'id', expression: "if(throwIf(id = 'v199999') = 0, id, '')" }
  expect(id?.name).toBe(strict.name)
  const { code } = await failure(olap.insert({ ...whole, columns: [strict, ...others] }))
  expect(code).toBe('QUERY_REFUSED')
  expect(await counts()).toEqual(before)
})

test('a block that a shard refuses is tried again whole: other shards may have their part of it', async () => {
  const before = await counts()
  await olap.migrate([`ALTER TABLE ${database}.processed_local ADD CONSTRAINT polite CHECK id != 'rude'`])
  const { code } = await failure(olap.insert(block('t/0/301-302/1', ['fine', 'rude'])))
  expect(code).toBe('UNAVAILABLE')
  expect(await counts()).toEqual(before)
})

test('tables of a cluster are not taken for those of one server', async () => {
  const { code, message } = await failure(prepareOlap(olap, { database, cluster: '' }))
  expect(code).toBe('MISCONFIGURED')
  expect(message).toContain('table "murmur.alerts" has engine Distributed, but olap.cluster is ""')
})
