import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { killRun } from './run.ts'

/** `KILL_SEED=… npx vitest run bench/kill` repeats a run. */
const seed = Number(process.env.KILL_SEED ?? Math.floor(Math.random() * 1e6))
const folder = mkdtempSync(join(tmpdir(), 'murmur-kill-'))
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))

test(`20 kills at random moments lose nothing, double nothing and change no order (seed ${seed})`, async () => {
  const kills = 20
  const report = await killRun({ folder, kills, seed, rate: 1000, maxGapMs: 800 })
  const wrong = Object.entries(report.verdict).filter(([, count]) => count > 0)
  expect({ seed, wrong }).toEqual({ seed, wrong: [] })
  expect(Object.values(report.kills).reduce((sum, count) => sum + count, 0)).toBe(kills)
  expect(report.atWork).toBeGreaterThan(kills / 2)
}, 240_000)
