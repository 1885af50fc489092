import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rowsOf, take, textOf } from './contract.ts'
import { feed } from './feed.ts'
import type { Row } from './source.ts'

let folder: string
let path: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'murmur-feed-'))
  path = join(folder, 'feed.jsonl')
})
afterAll(() => rm(folder, { recursive: true }))

const rowsAt = (...seconds: unknown[]) =>
  seconds.map((at, i) => `${JSON.stringify({ at, text: `row ${i}`, user: 'ann' })}\n`).join('')

const timesOf = (rows: readonly unknown[]) => (rows as Row[]).map(({ fields }) => fields.occurredAt as number)

describe('the feed', () => {
  it('plays its rows at its pace, the first at once, each dated when it came', async () => {
    await writeFile(path, rowsAt(100, 101, 103))
    const before = Date.now()
    const rows = rowsOf(await take(feed({ path, speed: 20 }), 3))
    const [first = 0, second = 0, third = 0] = timesOf(rows)
    expect(first - before).toBeLessThan(100)
    expect([second - first, third - first]).toEqual([50, 150])
    expect(Date.now()).toBeGreaterThanOrEqual(third)
    expect(rows[0]).toEqual({ at: '1', fields: { text: 'row 0', user: 'ann', occurredAt: first } })
  })

  it('goes on after a restart with the next row, at once', async () => {
    await writeFile(path, rowsAt(0, 3600, 3601))
    const [first] = await take(feed({ path, speed: 20 }), 1)
    const before = Date.now()
    const rows = rowsOf(await take(feed({ path, speed: 20 }), 2, { position: first?.position }))
    expect(rows.map(textOf)).toEqual(['row 1', 'row 2'])
    expect(Date.now() - before).toBeLessThan(1000)
  })

  it('stops waiting when told to', async () => {
    await writeFile(path, rowsAt(0, 3600))
    const abort = new AbortController()
    const batches = feed({ path })
      .read(undefined, { signal: abort.signal, maxRows: 9 })
      [Symbol.asyncIterator]()
    await batches.next()
    const next = batches.next()
    abort.abort()
    expect(await next).toMatchObject({ done: true })
  })

  it('hands out a row without a time as broken, with its content', async () => {
    await writeFile(path, `${rowsAt(0, 'soon')}not JSON\n`)
    const [, untimed, broken] = rowsOf(await take(feed({ path }), 3))
    expect(untimed).toEqual({
      at: '2',
      raw: Buffer.from('{"at":"soon","text":"row 1","user":"ann"}'),
      reason: 'line 2: field "at": "soon" is not a number; write the seconds from the start of the feed',
    })
    expect(broken).toMatchObject({ raw: Buffer.from('not JSON') })
  })
})
