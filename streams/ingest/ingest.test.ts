import { describe, expect, it } from 'vitest'
import type { Source } from '../../connectors/sources/source.ts'
import { deadletters, utterances } from '../../schemas/topics.ts'
import { ingestHarness, lines, now, numbered } from './harness.ts'

const { lay, open, run, everythingIn } = ingestHarness()

describe('ingest', () => {
  it('writes each row as an utterance, keyed by conversation, dated when it was said', async () => {
    await lay(lines(numbered(5000)))
    const size = open().size
    const done = await run()
    expect(done).toEqual({ read: 5000, written: 5000, rejected: 0, bytes: size, unseenColumns: [] })
    const records = await everythingIn(utterances)
    expect(records.map(({ value }) => value.id).sort()).toEqual(
      numbered(5000)
        .map(({ id }) => id)
        .sort(),
    )
    for (const { key, timestamp, schemaId, value } of records) {
      expect([key, timestamp, schemaId]).toEqual([value.conversation, value.occurredAt, 7])
    }
    for (let user = 0; user < 50; user++) {
      const times = records.filter(({ key }) => key === `user ${user}`).map(({ timestamp }) => timestamp)
      expect(times).toEqual(Array.from({ length: 100 }, (_, i) => 1.4e12 + user + 50 * i))
    }
  })

  it('makes dead letters of rows that are broken or do not fit, in the same append', async () => {
    const large = { text: 'a', attributes: { scan: 'x'.repeat(12_000_000) } }
    await lay(`${lines([...numbered(1)])}not JSON\n${lines([{ id: 'u2' }, large, ...numbered(1)])}`)
    expect(await run()).toMatchObject({ read: 5, written: 2, rejected: 3 })
    const letters = (await everythingIn(deadletters)).sort((a, b) => a.key.localeCompare(b.key))
    expect(letters.map(({ value }) => [value.key, value.code, value.reason])).toEqual([
      ['2', 'BROKEN_ROW', expect.stringContaining('line 2 is not JSON')],
      ['3', 'UNFIT_ROW', 'row 3: field "text" is missing; map a column to it: text=COLUMN'],
      [
        '4',
        'TOO_LARGE',
        expect.stringMatching(/row 4 makes an utterance of more than .* 65536 bytes are kept/),
      ],
    ])
    const [broken, unfit, tooLarge] = letters.map(({ value }) => value)
    expect(broken?.value.toString()).toBe('not JSON')
    expect(unfit?.value.toString()).toBe('{"id":"u2"}')
    expect(tooLarge?.value.toString().slice(0, 20)).toBe(JSON.stringify(large).slice(0, 20))
    expect(broken).toMatchObject({
      topic: open().id,
      partition: -1,
      offset: -1,
      stage: 'ingest',
      createdAt: now,
    })
    expect(new Set(letters.map(({ value }) => value.id)).size).toBe(3)
  })

  it('names the columns of the mapping that no row has', async () => {
    await lay(lines(numbered(3)))
    const { unseenColumns } = await run({ pairs: ['channel=social', 'user=user'] })
    expect(unseenColumns).toEqual(['social'])
  })

  it('reads no further ahead than one batch while an append is in flight', async () => {
    const rows = numbered(100)
    let [handedOut, written, ahead] = [0, 0, 0]
    const source: Source = {
      id: 'counted',
      size: undefined,
      async *read() {
        for (const [index, fields] of rows.entries()) {
          ahead = Math.max(ahead, ++handedOut - written)
          yield { rows: [{ at: String(index), fields }], position: String(index), bytes: index }
        }
      },
    }
    await run({
      source,
      onProgress: (progress) => {
        written = progress.written
      },
    })
    expect(written).toBe(100)
    expect(ahead).toBeLessThanOrEqual(3)
  })

  it.each([
    [10, 8],
    [40_000, 24_000],
  ])('keeps to %i rows a second, smoothly', async (ratePerSecond, count) => {
    await lay(lines(numbered(count)))
    const started = performance.now()
    let appends = 0
    await run({ ratePerSecond, onProgress: () => appends++ })
    const seconds = (performance.now() - started) / 1000
    expect(count / seconds / ratePerSecond).toBeGreaterThan(0.7)
    expect(count / seconds / ratePerSecond).toBeLessThan(1.2)
    expect(appends).toBeGreaterThanOrEqual(Math.min(count, seconds * 40))
  })

  it('needs to know how both topics are written', async () => {
    await lay(lines(numbered(1)))
    await expect(run({ destinations: new Map() })).rejects.toThrow(
      'topic "utterances" is not among the destinations',
    )
  })

  it('refuses a rate of nothing', async () => {
    await lay(lines(numbered(1)))
    await expect(run({ ratePerSecond: 0 })).rejects.toThrow('rate 0 is not above 0; give rows a second')
  })
})
