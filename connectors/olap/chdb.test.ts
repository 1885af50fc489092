import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
