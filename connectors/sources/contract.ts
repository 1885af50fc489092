import { describe, expect, it } from 'vitest'
import type { Source, SourceBatch, SourceRow } from './source.ts'

/** A place where an input can be laid down for a kind of source. */
export interface Harness {
  /** Lays down an input of one row a text, in the source's own format. Returns what opens a source on it. */
  given(texts: readonly string[]): Promise<() => Source>
  /** The same, with a row before the last that the source can't read. */
  givenBroken(texts: readonly string[]): Promise<() => Source>
}

const texts = Array.from({ length: 25 }, (_, i) => `row ${i}: "quoted", 这是第 ${i} 行`)

/** Reads up to `count` rows, and then aborts: some sources never end. */
export async function take(
  source: Source,
  count: number,
  { position, maxRows = 4 }: { position?: string | undefined; maxRows?: number } = {},
): Promise<SourceBatch[]> {
  const abort = new AbortController()
  const batches: SourceBatch[] = []
  let taken = 0
  if (count === 0) abort.abort()
  for await (const batch of source.read(position, { signal: abort.signal, maxRows })) {
    batches.push(batch)
    taken += batch.rows.length
    if (taken >= count) abort.abort()
  }
  return batches
}

export const rowsOf = (batches: readonly SourceBatch[]): SourceRow[] => batches.flatMap(({ rows }) => rows)

export const textOf = (row: SourceRow): unknown =>
  'fields' in row ? row.fields.text : `broken: ${row.reason}`

const identityOf = (row: SourceRow) => [row.at, textOf(row)]

/** What every source must do. */
export function sourceContract(name: string, harness: () => Harness): void {
  describe(`${name} as a source`, () => {
    it('hands out every row, in order', async () => {
      const open = await harness().given(texts)
      expect(rowsOf(await take(open(), texts.length)).map(textOf)).toEqual(texts)
    })

    it('goes on behind any of its positions, without loss or doubles', async () => {
      const open = await harness().given(texts)
      const batches = await take(open(), texts.length)
      for (const [index, { position }] of batches.entries()) {
        const rest = rowsOf(batches.slice(index + 1)).map(identityOf)
        const again = rowsOf(await take(open(), rest.length, { position })).map(identityOf)
        expect(again).toEqual(rest)
      }
    })

    it('gives every row a place of its own, the same in whatever batches it is read', async () => {
      const open = await harness().given(texts)
      const places = rowsOf(await take(open(), texts.length)).map(({ at }) => at)
      expect(new Set(places).size).toBe(texts.length)
      const one = rowsOf(await take(open(), texts.length, { maxRows: 1 }))
      expect(one.map(({ at }) => at)).toEqual(places)
    })

    it('keeps to the batch size that is asked for, and never hands out an empty batch', async () => {
      const open = await harness().given(texts)
      for (const maxRows of [1, 7]) {
        const sizes = (await take(open(), texts.length, { maxRows })).map(({ rows }) => rows.length)
        expect(Math.max(...sizes)).toBeLessThanOrEqual(maxRows)
        expect(Math.min(...sizes)).toBeGreaterThan(0)
      }
    })

    it('tells no two positions alike, and how many bytes are read', async () => {
      const open = await harness().given(texts)
      const batches = await take(open(), texts.length)
      expect(new Set(batches.map(({ position }) => position)).size).toBe(batches.length)
      const bytes = batches.map((batch) => batch.bytes)
      expect(bytes).toEqual([...bytes].sort((a, b) => a - b))
      const { size } = open()
      if (size !== undefined) expect(bytes.at(-1)).toBe(size)
    })

    it('hands out a broken row with its bytes and what is wrong with it, and goes on', async () => {
      const open = await harness().givenBroken(texts)
      const rows = rowsOf(await take(open(), texts.length + 1))
      expect(rows.filter((row) => 'fields' in row).map(textOf)).toEqual(texts)
      const broken = rows.at(-2)
      expect(broken).toMatchObject({ reason: expect.stringContaining('line') })
      expect(broken && 'raw' in broken && broken.raw.length).toBeGreaterThan(0)
    })

    it('ends quietly when told to stop', async () => {
      const open = await harness().given(texts)
      expect(await take(open(), 0)).toEqual([])
      expect(rowsOf(await take(open(), 8)).length).toBe(8)
    })

    it('refuses a position that another kind of source has left', async () => {
      const open = await harness().given(texts)
      await expect(take(open(), 1, { position: 'row 3' })).rejects.toMatchObject({ code: 'SOURCE_INVALID' })
    })
  })
}
