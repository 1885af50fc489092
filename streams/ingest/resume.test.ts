import { describe, expect, it } from 'vitest'
import type { Source } from '../../connectors/sources/source.ts'
import { type Fault, ingestHarness, lines, numbered } from './harness.ts'
import type { IngestProgress } from './ingest.ts'

const { lay, open, run, idsInLog, faulty } = ingestHarness()

describe('an ingest that meets faults', () => {
  it('has nothing to do the second time, and goes on where the file has grown', async () => {
    await lay(lines(numbered(10)))
    await run()
    expect(await run()).toMatchObject({ read: 0, written: 0 })
    await lay(lines(numbered(15)))
    expect(await run()).toMatchObject({ read: 5, written: 5 })
    expect(await idsInLog()).toEqual(
      numbered(15)
        .map(({ id }) => id)
        .sort(),
    )
  })

  it.each([1, 2, 3])(
    'loses and doubles nothing, wherever it is stopped and whatever append fails (%i)',
    async (seed) => {
      const rows = numbered(6000)
      await lay(lines(rows))
      const random = randomOf(seed)
      let [runs, reading] = [0, true]
      while (reading) {
        const abort = new AbortController()
        const shaky = faulty(() => {
          if (random() < 0.1) abort.abort()
          if (random() < 0.2) return { code: 'UNAVAILABLE', committed: random() < 0.5 }
          if (random() < 0.2) return { code: 'UNKNOWN_TOPIC', committed: random() < 0.5 }
          return undefined
        })
        const source = open()
        const small: Source = {
          ...source,
          read: (from, reading) => source.read(from, { ...reading, maxRows: 100 }),
        }
        const result = await run({ log: shaky, source: small, signal: abort.signal }).catch(() => undefined)
        reading = result === undefined || abort.signal.aborted || result.read > 0
        runs++
      }
      expect(runs).toBeGreaterThan(3)
      expect(await idsInLog()).toEqual(rows.map(({ id }) => id).sort())
    },
  )

  it('waits while the log is full or away, says so, and goes on', async () => {
    await lay(lines(numbered(10)))
    const progress: IngestProgress[] = []
    const faults: Fault[] = [
      { code: 'LOG_FULL', committed: false },
      { code: 'UNAVAILABLE', committed: true },
    ]
    await run({ log: faulty((n) => faults[n - 1]), onProgress: (one) => progress.push(one) })
    expect(progress.map(({ state, reason, written }) => [state, reason, written])).toEqual([
      ['retrying', 'the disk is away', 0],
      ['retrying', 'the disk is away', 0],
      ['running', undefined, 10],
    ])
    expect(await idsInLog()).toHaveLength(10)
  })

  it('stops waiting for the log when told to', async () => {
    await lay(lines(numbered(5000)))
    const abort = new AbortController()
    const done = await run({
      log: faulty(() => ({ code: 'UNAVAILABLE', committed: false })),
      signal: abort.signal,
      backoff: { firstMs: 1e6, maxMs: 1e6 },
      onProgress: () => abort.abort(),
    })
    expect(done).toMatchObject({ read: 0, written: 0 })
    expect(await idsInLog()).toEqual([])
  })

  it('fails at once where waiting mends nothing, also while the source has nothing to read', async () => {
    await lay(lines(numbered(10)))
    const broken = faulty(() => ({ code: 'RECORD_TOO_LARGE', committed: false }))
    await expect(run({ log: broken, source: open({ follow: true }) })).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
    })
  })

  it('gives way to another ingest of the same source', async () => {
    await lay(lines(numbered(3000)))
    const overtaken = run({ ratePerSecond: 5000 })
    const stopped = expect(overtaken).rejects.toMatchObject({ code: 'FENCED' })
    await run()
    await stopped
    expect(await idsInLog()).toHaveLength(3000)
  })

  it('gives way also when it was overtaken while the log was away', async () => {
    await lay(lines(numbered(3000)))
    const away = faulty(async (n) => {
      if (n > 1) return undefined
      await run()
      return { code: 'UNAVAILABLE', committed: false }
    })
    await expect(run({ log: away })).rejects.toThrow('another ingest writes as "source:file:')
    expect(await idsInLog()).toHaveLength(3000)
  })
})

/** Numbers from 0 to 1, the same in every run (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
