import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { codec } from '../../schemas/codec.ts'
import { containerFile } from '../../schemas/container.ts'
import { chdbOlap } from './chdb.ts'
import { contractDatabase, olapContract } from './contract.ts'
import { chdbEngine } from './engine.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'murmur-chdb-'))
})
afterAll(() => rm(root, { recursive: true }))

olapContract('chdb, in the process', async () => {
  const secret = join(root, 'secret.csv')
  await writeFile(secret, 'secret\n')
  const olap = chdbOlap(chdbEngine({ folder: join(root, 'contract') }), contractDatabase)
  return {
    olap,
    secret,
    async close() {
      expect(existsSync(`${secret}.out`)).toBe(false)
      expect(await readdir(join(root, 'contract', 'blocks'))).toEqual([])
      await olap.close()
    },
  }
})

const limits = { maxRows: 10, maxSeconds: 5, maxBytes: 1000 }

test('what was written is there after closing and opening; files that a crash left are not', async () => {
  const folder = join(root, 'again')
  const first = chdbOlap(chdbEngine({ folder }))
  await first.migrate(['CREATE TABLE notes (id String) ENGINE = MergeTree ORDER BY id'])
  await first.close()
  await writeFile(join(folder, 'blocks', 'left'), 'x')
  const second = chdbOlap(chdbEngine({ folder }))
  expect((await second.query('EXISTS notes', limits)).rows).toEqual([{ result: 1 }])
  expect(await readdir(join(folder, 'blocks'))).toEqual([])
  await second.close()
})

test('a block that a killed engine had noted, but not put in place, goes in when it comes again', async () => {
  const folder = join(root, 'killed')
  const deduplicated = 'SETTINGS non_replicated_deduplication_window = 100'
  const numbers = Array.from({ length: 90 }, (_, n) => ({ n }))
  const schema = { type: 'record', name: 'N', fields: [{ name: 'n', type: 'long' }] } as const
  const slices = numbers.map((value) => {
    const data = Buffer.alloc(10)
    return { data, start: 0, end: codec<{ n: number }>(schema).encode(value, data, 0) }
  })
  const columns = [{ name: 'n', expression: 'n' }]
  const block = { table: 'default.numbers', columns, avro: containerFile(schema, slices), token: 'once' }
  const first = chdbOlap(chdbEngine({ folder }))
  await first.migrate([
    `CREATE TABLE numbers (n UInt64) ENGINE = MergeTree PARTITION BY n % 3 ORDER BY n ${deduplicated}`,
    `CREATE TABLE summed (n UInt64) ENGINE = SummingMergeTree ORDER BY tuple() ${deduplicated}`,
    'CREATE MATERIALIZED VIEW view TO summed AS SELECT count() AS n FROM numbers',
  ])
  await first.insert(block)
  await first.insert({ ...block, token: 'other' })
  const paths = await first.query(
    "SELECT table, path FROM system.parts WHERE active AND (name = '1_2_2_0' OR (table = 'summed' AND name LIKE '%_2_2_%'))",
    limits,
  )
  await first.close()
  expect(paths.rows).toHaveLength(2)
  // As a kill leaves them between noting and naming
  for (const { path } of paths.rows)
    await rename(path as string, (path as string).replace(/([^/]+)\/$/, 'tmp_insert_$1'))

  const second = chdbOlap(chdbEngine({ folder }))
  const counts = async () =>
    (
      await second.query(
        'SELECT (SELECT count() FROM numbers) AS rows, (SELECT sum(n) FROM summed) AS sum',
        limits,
      )
    ).rows[0]
  expect(await counts()).toEqual({ rows: 150, sum: 90 })
  for (const token of ['once', 'other', 'once']) await second.insert({ ...block, token })
  expect(await counts()).toEqual({ rows: 180, sum: 180 })
  await second.close()
})

test('a folder belongs to one process; the error names it, and its death frees the folder', async () => {
  const folder = join(root, 'busy')
  await mkdir(folder)
  const script = `const { Session } = require('chdb'); new Session(${JSON.stringify(join(folder, 'chdb'))}); console.log('open'); setInterval(() => {}, 1000)`
  const other = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(other.stdout, 'data')
  const olap = chdbOlap(chdbEngine({ folder }))
  await expect(olap.query('SELECT 1', limits)).rejects.toMatchObject({
    code: 'OLAP_BUSY',
    retryable: true,
    message: expect.stringContaining(`process ${other.pid};`),
  })
  other.kill('SIGKILL')
  await once(other, 'exit')
  expect((await olap.query('SELECT 1 AS one', limits)).rows).toEqual([{ one: 1 }])
  await olap.close()
})

test('a folder that can’t be made is unavailable', async () => {
  await writeFile(join(root, 'file'), '')
  const olap = chdbOlap(chdbEngine({ folder: join(root, 'file', 'olap') }))
  await expect(olap.query('SELECT 1', limits)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await olap.close()
})
