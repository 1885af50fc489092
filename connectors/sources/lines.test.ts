import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rowsOf, take, textOf } from './contract.ts'
import { jsonl } from './jsonl.ts'
import { maxLineBytes } from './lines.ts'
import type { BrokenRow } from './source.ts'

let folder: string
let path: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'murmur-lines-'))
  path = join(folder, 'rows.jsonl')
})
afterAll(() => rm(folder, { recursive: true }))

const all = Number.POSITIVE_INFINITY

async function rowsIn(content: string | Buffer) {
  await writeFile(path, content)
  return rowsOf(await take(jsonl({ path }), all, { maxRows: 2000 }))
}

describe('lines of JSON', () => {
  it('may end in CRLF, begin with a byte order mark, and be blank; the last needs no newline', async () => {
    const rows = await rowsIn('\ufeff{"text":"a"}\r\n\r\n  \n{"text":"b"}\r\n{"text":"c"}')
    expect(rows).toEqual([
      { at: '1', fields: { text: 'a' } },
      { at: '4', fields: { text: 'b' } },
      { at: '5', fields: { text: 'c' } },
    ])
  })

  it.each([
    ['{"text": "cut', 'line 2 is not JSON'],
    ['["a", "b"]', 'line 2 is not a JSON object but an array'],
    ['"only a string"', 'line 2 is not a JSON object but "only a string"'],
    ['null', 'line 2 is not a JSON object but null'],
  ])('are broken where they hold %s', async (line, reason) => {
    const [before, broken, after] = await rowsIn(`{"text":"a"}\n${line}\n{"text":"b"}\n`)
    expect([before, after].map((row) => row && textOf(row))).toEqual(['a', 'b'])
    expect(broken).toMatchObject({ at: '2', raw: Buffer.from(line), reason: expect.stringContaining(reason) })
  })

  it('are broken where they are not UTF-8, with their very bytes', async () => {
    const latin1 = Buffer.from('{"text":"Grüße"}', 'latin1')
    const rows = await rowsIn(
      Buffer.concat([Buffer.from('{"text":"好"}\n'), latin1, Buffer.from('\n{"text":"ü"}')]),
    )
    expect([rows[0], rows[2]].map((row) => row && textOf(row))).toEqual(['好', 'ü'])
    expect(rows[1]).toMatchObject({
      raw: latin1,
      reason: expect.stringContaining('line 2 has bytes that are not UTF-8'),
    })
  })

  it('may be as long as 16 MiB; of a longer one the beginning is kept, and the rest goes on', async () => {
    const lineOf = (bytes: number) => `{"text":"${'x'.repeat(bytes - 11)}"}`
    const rows = await rowsIn(
      [lineOf(maxLineBytes), lineOf(maxLineBytes + 1), '{"text":"b"}', lineOf(maxLineBytes + 7_000_000)].join(
        '\n',
      ),
    )
    expect(rows.map(({ at }) => at)).toEqual(['1', '2', '3', '4'])
    expect(rows.map((row) => 'fields' in row)).toEqual([true, false, true, false])
    for (const broken of [rows[1], rows[3]] as BrokenRow[]) {
      expect(broken.raw.length).toBe(65_536)
      expect(broken.reason).toContain('is longer than 16777216 bytes')
    }
  })

  it('are read on behind an over-long one from its position', async () => {
    await writeFile(path, `${'x'.repeat(maxLineBytes + 100_000)}\n{"text":"b"}\n`)
    const [first] = await take(jsonl({ path }), 1)
    expect(rowsOf(await take(jsonl({ path }), all, { position: first?.position }))).toEqual([
      { at: '2', fields: { text: 'b' } },
    ])
  })

  it('make batches of a mebibyte at most', async () => {
    const line = `${JSON.stringify({ text: 'x'.repeat(200_000) })}\n`
    await writeFile(path, line.repeat(20))
    const batches = await take(jsonl({ path }), all, { maxRows: 2000 })
    expect(rowsOf(batches)).toHaveLength(20)
    expect(Math.max(...batches.map(({ rows }) => rows.length))).toBeLessThanOrEqual(6)
  })
})

describe('a JSONL file', () => {
  it('that has grown is read on', async () => {
    await writeFile(path, '{"text":"a"}\n')
    const [batch] = await take(jsonl({ path }), all)
    await appendFile(path, '{"text":"b"}\n')
    expect(rowsOf(await take(jsonl({ path }), all, { position: batch?.position })).map(textOf)).toEqual(['b'])
  })

  it('that was replaced by another is refused, with the remedy', async () => {
    await writeFile(path, '{"text":"a"}\n')
    const [batch] = await take(jsonl({ path }), all)
    await writeFile(path, '{"text":"of another file"}\n')
    await expect(take(jsonl({ path }), all, { position: batch?.position })).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: expect.stringContaining(
        'begins with other bytes; put that file back, or give this one a name',
      ),
    })
    expect(jsonl({ path, name: 'second' }).id).toBe('second')
  })

  it('in UTF-16 is refused, with the remedy', async () => {
    await expect(rowsIn(Buffer.from('\ufeff{"text":"a"}\n', 'utf16le'))).rejects.toThrow('UTF-16; convert it')
  })

  it('without a row has no batch', async () => {
    expect(await rowsIn('')).toEqual([])
    expect(await rowsIn('\n\r\n')).toEqual([])
  })
})
