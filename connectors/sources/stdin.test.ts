import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { rowsOf, take, textOf } from './contract.ts'
import { stdin } from './stdin.ts'

const all = Number.POSITIVE_INFINITY
const json = (text: string) => `${JSON.stringify({ text })}\n`
const inputOf = (content: string, chunkBytes = content.length) => {
  const data = Buffer.from(content)
  const chunks = []
  for (let at = 0; at < data.length; at += chunkBytes) chunks.push(data.subarray(at, at + chunkBytes))
  return Readable.from(chunks, { objectMode: false })
}

describe('standard input', () => {
  it('may be plain text: each line is what somebody said', async () => {
    const source = stdin({ format: 'text', input: inputOf('hello\r\n\n{not json}\n你好') })
    expect(rowsOf(await take(source, all))).toEqual([
      { at: '1', fields: { text: 'hello' } },
      { at: '3', fields: { text: '{not json}' } },
      { at: '4', fields: { text: '你好' } },
    ])
  })

  it('comes in whatever pieces', async () => {
    const content = Array.from({ length: 300 }, (_, i) => json(`第 ${i} 行`)).join('')
    for (const pieces of [1, 7, 1000]) {
      const rows = rowsOf(await take(stdin({ input: inputOf(content, pieces) }), all, { maxRows: 50 }))
      expect(rows.map(textOf)).toEqual(Array.from({ length: 300 }, (_, i) => `第 ${i} 行`))
    }
  })

  it('given again is read on where it was left, also when it is long', async () => {
    const content = Array.from({ length: 5000 }, (_, i) => json(`row ${i}`)).join('')
    const batches = await take(stdin({ input: inputOf(content, 1000) }), all, { maxRows: 900 })
    for (const [index, { position }] of batches.entries())
      expect(
        rowsOf(await take(stdin({ input: inputOf(content, 777) }), all, { position, maxRows: 2000 })),
      ).toEqual(rowsOf(batches.slice(index + 1)))
  })

  it('that is another one is read from its start, and its rows have places of their own', async () => {
    const [first] = await take(stdin({ input: inputOf(json('hello')) }), all)
    const rows = rowsOf(
      await take(stdin({ input: inputOf(json('bye')) }), all, { position: first?.position }),
    )
    expect(rows).toEqual([{ at: '1.1', fields: { text: 'bye' } }])
    expect(await take(stdin({ input: inputOf('') }), all, { position: first?.position })).toEqual([])
  })

  it('hands out what is there, and stops waiting when told to', async () => {
    const input = new PassThrough()
    const abort = new AbortController()
    const batches = stdin({ input })
      .read(undefined, { signal: abort.signal, maxRows: 10 })
      [Symbol.asyncIterator]()
    input.write(json('now'))
    expect((await batches.next()).value).toMatchObject({ rows: [{ fields: { text: 'now' } }] })
    input.write('{"text": "half a li')
    const next = batches.next()
    abort.abort()
    expect(await next).toMatchObject({ done: true })
  })

  it('that breaks off says so', async () => {
    const input = new PassThrough()
    input.write(json('a'))
    setImmediate(() => input.destroy(new Error('EIO')))
    await expect(take(stdin({ input }), all)).rejects.toThrow('standard input broke off: EIO')
  })
})
