import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rowsOf, take, textOf } from './contract.ts'
import { openSource } from './open.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'murmur-open-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function fileOf(name: string, content: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

describe('openSource', () => {
  it.each([
    ['a.jsonl', '{"text":"a"}\n'],
    ['a.ndjson', '{"text":"a"}\n'],
    ['a.csv', 'id,text\n1,a\n'],
    ['a.TSV', 'id\ttext\n1\ta\n'],
  ])('reads %s by its extension', async (name, content) => {
    const source = openSource(await fileOf(name, content))
    expect(rowsOf(await take(source, 1)).map(textOf)).toEqual(['a'])
    expect(source.id).toBe(`file:${join(folder, name)}`)
    expect(source.size).toBe(content.length)
  })

  it('follows any file, and goes on where a plain ingest of it has ended', async () => {
    const path = await fileOf('chat.log', '{"text":"a"}\n{"text":"b"}\n')
    const [first] = await take(openSource(path, { follow: true }), 1, { maxRows: 1 })
    const source = openSource(path, { follow: true, name: 'chat' })
    expect(rowsOf(await take(source, 1, { position: first?.position })).map(textOf)).toEqual(['b'])
    expect(source.id).toBe('chat')
  })

  it('reads standard input for -', () => {
    expect(openSource('-').id).toBe('stdin')
    expect(openSource('-', { name: 'chat', format: 'text' }).id).toBe('chat')
  })

  it('says what there is where the extension is unknown', async () => {
    const path = await fileOf('a.xlsx', '')
    expect(() => openSource(path)).toThrow(/no source reads files that end in ".xlsx"; there are .jsonl/)
  })

  it('says what is wrong with a missing file, and with a folder', () => {
    for (const options of [{}, { follow: true }]) {
      expect(() => openSource(join(folder, 'none.jsonl'), options)).toThrow('does not exist; check the path')
      expect(() => openSource(folder, options)).toThrow('is a folder; name a file in it')
    }
    expect(() => openSource(join(folder, 'none'))).toThrow('does not exist')
  })

  it("says why a file can't be read", async () => {
    const path = join(folder, 'loop.jsonl')
    await symlink(path, path)
    expect(() => openSource(path)).toThrow("can't be read (ELOOP); check the path and who may read it")
  })

  it('says that a file has gone since', async () => {
    const path = await fileOf('gone.jsonl', '{"text":"a"}\n')
    const source = openSource(path)
    await rm(path)
    await expect(take(source, 1)).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: expect.stringContaining('does not exist'),
    })
  })
})
