import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rowsOf, take } from './contract.ts'
import { type CsvOptions, csv } from './csv.ts'

let folder: string
let path: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'murmur-csv-'))
  path = join(folder, 'rows.csv')
})
afterAll(() => rm(folder, { recursive: true }))

const all = Number.POSITIVE_INFINITY

async function rowsIn(content: string | Buffer, options: Partial<CsvOptions> = {}) {
  await writeFile(path, content)
  return rowsOf(await take(csv({ path, ...options }), all, { maxRows: 2000 }))
}

const fieldsIn = async (content: string, options?: Partial<CsvOptions>) =>
  (await rowsIn(content, options)).map((row) => ('fields' in row ? row.fields : row.reason))

describe('a CSV file', () => {
  it('names its columns in the header row; values may be quoted, and hold delimiters, quotes and line breaks', async () => {
    expect(await rowsIn('id,text\n1,plain\n\n2,"a, ""b""\nc"\n3,last')).toEqual([
      { at: '2', fields: { id: '1', text: 'plain' } },
      { at: '4', fields: { id: '2', text: 'a, "b"\nc' } },
      { at: '6', fields: { id: '3', text: 'last' } },
    ])
  })

  it('may have a byte order mark and CRLF', async () => {
    expect(await fieldsIn('\ufeffid,text\r\n1,a\r\n2,b\r\n')).toEqual([
      { id: '1', text: 'a' },
      { id: '2', text: 'b' },
    ])
  })

  it('may have another delimiter and quote, and columns named by option', async () => {
    const options = { delimiter: ';', quote: "'", columns: ['id', 'text'] }
    expect(await fieldsIn("1;'a;b'\n2;c\n", options)).toEqual([
      { id: '1', text: 'a;b' },
      { id: '2', text: 'c' },
    ])
  })

  it.each([
    ['2,"closed" early', 'line 3 has text behind a closing quote'],
    ['2,opened "late"', 'line 3 has a quote inside an unquoted value'],
    ['2,"never closed', 'line 3 has text behind a closing quote'],
    ['2,b,c', 'line 3 has 3 values for 2 columns'],
    ['2', 'line 3 has 1 values for 2 columns'],
  ])('breaks at %s for that line only', async (line, reason) => {
    const rows = await rowsIn(`id,text\n1,a\n${line}\r\n3,"c"\n4,"d"\n`)
    expect(rows).toEqual([
      { at: '2', fields: { id: '1', text: 'a' } },
      { at: '3', raw: Buffer.from(line), reason: expect.stringContaining(reason) },
      { at: '4', fields: { id: '3', text: 'c' } },
      { at: '5', fields: { id: '4', text: 'd' } },
    ])
  })

  it('goes on behind a quote that nothing closes, and behind one that swallows more than a mebibyte', async () => {
    expect(await fieldsIn('id,text\n1,"a\n2,b\n3,c')).toEqual([
      'line 2 opens a quote that is never closed; close it',
      { id: '2', text: 'b' },
      { id: '3', text: 'c' },
    ])
    const many = Array.from({ length: 150_000 }, (_, i) => `${i},b`).join('\n')
    const rows = await rowsIn(`id,text\n1,"a\n${many}\n`)
    expect(rows).toHaveLength(150_001)
    expect(rows[0]).toMatchObject({
      reason: expect.stringContaining('line 2 begins a row of more than 1048576 bytes'),
    })
    expect(rows.at(-1)).toEqual({ at: '150002', fields: { id: '149999', text: 'b' } })
  })

  it('keeps the beginning of a broken line that is very long', async () => {
    const rows = await rowsIn(`id,text\n1,"a" ${'x'.repeat(200_000)}\n2,b\n`)
    expect(rows[0]).toMatchObject({ raw: { length: 65_536 } })
    expect(rows[1]).toEqual({ at: '3', fields: { id: '2', text: 'b' } })
  })

  it('breaks where a row is not UTF-8, with its very bytes; a replacement character is a character', async () => {
    const latin1 = Buffer.from('2,Grüße', 'latin1')
    const rows = await rowsIn(
      Buffer.concat([Buffer.from('id,text\n1,\ufffd\n'), latin1, Buffer.from('\n3,ü\n')]),
    )
    expect(rows).toEqual([
      { at: '2', fields: { id: '1', text: '\ufffd' } },
      { at: '3', raw: latin1, reason: expect.stringContaining('line 3 has bytes that are not UTF-8') },
      { at: '4', fields: { id: '3', text: 'ü' } },
    ])
  })

  it('is read on from every position, over chunks, broken rows and line breaks in values', async () => {
    const lines = Array.from({ length: 9000 }, (_, i) =>
      i % 1000 === 7 ? `${i},"broken" here` : `${i},"${'text '.repeat(12)}\n${i}"`,
    )
    await writeFile(path, `id,text\n${lines.join('\n')}`)
    const batches = await take(csv({ path }), all, { maxRows: 1500 })
    expect(rowsOf(batches)).toHaveLength(9000)
    for (const [index, { position }] of batches.entries())
      expect(rowsOf(await take(csv({ path }), all, { position, maxRows: 2000 }))).toEqual(
        rowsOf(batches.slice(index + 1)),
      )
  })

  it('without a row has no batch', async () => {
    expect(await rowsIn('')).toEqual([])
    expect(await rowsIn('id,text\n')).toEqual([])
  })

  it('is refused where its header or its options name no columns', async () => {
    await expect(rowsIn('id,text,id\n1,a,2\n')).rejects.toThrow('names column "id" twice; rename one')
    await expect(rowsIn('id,"te"xt\n1,a\n')).rejects.toThrow("can't be read")
    await expect(rowsIn('id,text\n', { delimiter: '::' })).rejects.toThrow(
      'option "delimiter": "::" is not one',
    )
  })
})
