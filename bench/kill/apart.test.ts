import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { describeWith } from '../../servers/describe.ts'
import { kafkaMissing } from '../../servers/kafka.ts'
import { redisMissing } from '../../servers/redis.ts'
import { killApart } from './apart.ts'
import { tableOf, verdictOf } from './table.ts'

/** `KILL_SEED=… npx vitest run bench/kill/apart` repeats a run. */
const seed = Number(process.env.KILL_SEED ?? Math.floor(Math.random() * 1e6))
const folder = mkdtempSync(join(tmpdir(), 'murmur-kill-'))
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))

const missing = () => kafkaMissing() ?? redisMissing()

describeWith(missing, 'the product as processes apart, on Kafka, Redis and ClickHouse', () => {
  test(`is exact through kills at every named point, rebalances, outages and a zombie (seed ${seed})`, async () => {
    const report = await killApart({
      folder,
      seed,
      ...{ redis: 'single', brokers: 1, sessionTimeoutMs: 3000 },
      ...{ rounds: 1, chain: 6, kills: 10, falls: 1 },
      ...{ rebalances: 5, zombies: 1, clockJumps: 2, outages: 1, clickhouseAwayMs: 2000 },
      ...{ rate: 200, maxGapMs: 800, budgetMs: 120_000 },
    })
    const never = Object.entries(report.points).flatMap(([point, count]) => (count > 0 ? [] : [point]))
    const wrong = verdictOf(report)
    if (wrong.length > 0) console.error(tableOf(report))
    expect({ seed, wrong, never }).toEqual({ seed, wrong: [], never: [] })
    expect(report.afterRaise).toContain('"utterances" has 6 partitions')
    expect(report).toMatchObject({ rebalances: 5, others: { 'broker away': 1, 'redis away': 1 } })
  }, 300_000)
})
