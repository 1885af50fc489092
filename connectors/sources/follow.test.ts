import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { rowsOf, take, textOf } from './contract.ts'
import { follow } from './follow.ts'
import type { SourceBatch } from './source.ts'

let folder: string
let path: string
let abort: AbortController
let opened: AsyncIterator<SourceBatch>[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'murmur-follow-'))
  path = join(folder, 'chat.jsonl')
  abort = new AbortController()
  opened = []
})
afterEach(async () => {
  abort.abort()
  for (const batches of opened) await batches.return?.()
  await rm(folder, { recursive: true })
})

const json = (text: string) => `${JSON.stringify({ text })}\n`

/** Follows the file, and hands out one row a call. */
function following(position?: string) {
  const batches = follow({ path })
    .read(position, { signal: abort.signal, maxRows: 1 })
    [Symbol.asyncIterator]()
  opened.push(batches)
  let last: SourceBatch | undefined
  return {
    async next() {
      const { value, done } = await batches.next()
      if (done) return undefined
      last = value as SourceBatch
      return last.rows[0]
    },
    position: () => last?.position,
  }
}

describe('a followed file', () => {
  it('is read on as it grows; a line counts once it ends', async () => {
    await writeFile(path, json('a'))
    const rows = following()
    expect(await rows.next()).toEqual({ at: '1', fields: { text: 'a' } })
    const next = rows.next()
    await appendFile(path, '{"text":')
    await appendFile(path, '"b"}\n')
    expect(await next).toEqual({ at: '2', fields: { text: 'b' } })
  })

  it('that is rotated is read to its end, then the new one from its start', async () => {
    await writeFile(path, json('a'))
    const rows = following()
    await rows.next()
    await rename(path, join(folder, 'chat.1'))
    await appendFile(join(folder, 'chat.1'), json('b'))
    await writeFile(path, json('c'))
    expect(await rows.next()).toEqual({ at: '2', fields: { text: 'b' } })
    expect(await rows.next()).toEqual({ at: '1.1', fields: { text: 'c' } })
  })

  it('that is truncated is read from its start', async () => {
    await writeFile(path, json('a') + json('b'))
    const rows = following()
    await rows.next()
    await rows.next()
    const next = rows.next()
    await truncate(path)
    await writeFile(path, json('c'))
    expect(await next).toEqual({ at: '1.1', fields: { text: 'c' } })
  })

  it('that was written anew, and longer, is read from its start', async () => {
    await writeFile(path, json('a'))
    const rows = following()
    await rows.next()
    const next = rows.next()
    await writeFile(path, json('longer than before'))
    expect(await next).toEqual({ at: '1.1', fields: { text: 'longer than before' } })
  })

  it('is read on from a position; where another file has taken its name meanwhile, that one from its start', async () => {
    await writeFile(path, json('a'))
    const rows = following()
    await rows.next()
    const position = rows.position()
    await appendFile(path, json('b'))
    expect(rowsOf(await take(follow({ path }), 1, { position })).map(textOf)).toEqual(['b'])
    await writeFile(path, json('c') + json('d'))
    const [first, second] = rowsOf(await take(follow({ path }), 2, { position }))
    expect([first?.at, second?.at]).toEqual(['1.1', '1.2'])
  })

  it('ends quietly while it waits', async () => {
    await writeFile(path, json('a'))
    const rows = following()
    await rows.next()
    const next = rows.next()
    setTimeout(() => abort.abort(), 50)
    expect(await next).toBeUndefined()
  })
})
