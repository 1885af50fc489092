import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AvroSchema, codec } from '../../schemas/codec.ts'
import { containerFile } from '../../schemas/container.ts'
import { failure, limits, readingContract } from './contract/reading.ts'
import type { Block, Olap } from './olap.ts'

const schema = {
  type: 'record',
  name: 'Visit',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'user', type: ['null', 'string'], default: null },
    { name: 'mood', type: { type: 'enum', name: 'Mood', symbols: ['bad', 'good'] } },
    { name: 'pages', type: { type: 'array', items: 'string' } },
    { name: 'facts', type: { type: 'map', values: 'string' } },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ],
} as const satisfies AvroSchema

interface Visit {
  readonly id: string
  readonly user: string | null
  readonly mood: 'bad' | 'good'
  readonly pages: readonly string[]
  readonly facts: Readonly<Record<string, string>>
  readonly at: number
}

/** The database that the driver under test reads from. */
export const contractDatabase = 'contract'

const statements = [
  'CREATE DATABASE IF NOT EXISTS contract',
  `CREATE TABLE IF NOT EXISTS contract.visits (id String, user String, mood LowCardinality(String), pages UInt32,
     facts Map(String, String), at DateTime64(3, 'UTC')) ENGINE = MergeTree PARTITION BY toYYYYMM(at) ORDER BY at
     SETTINGS non_replicated_deduplication_window = 1000`,
  `CREATE TABLE IF NOT EXISTS contract.visits_by_mood (mood LowCardinality(String), visits UInt64) ENGINE = SummingMergeTree
     ORDER BY mood SETTINGS non_replicated_deduplication_window = 1000`,
  `CREATE MATERIALIZED VIEW IF NOT EXISTS contract.visits_by_mood_view TO contract.visits_by_mood AS
     SELECT mood, count() AS visits FROM contract.visits GROUP BY mood`,
  'ALTER TABLE contract.visits ADD COLUMN IF NOT EXISTS first String',
]

const columns = [
  { name: 'id', expression: 'id' },
  { name: 'user', expression: 'user' },
  { name: 'mood', expression: 'toString(mood)' },
  { name: 'pages', expression: 'length(pages)' },
  { name: 'facts', expression: 'facts' },
  { name: 'at', expression: 'at' },
  { name: 'first', expression: "if(length(pages) > 0, pages[1], 'none')" },
]

const month = 30 * 86_400_000

const visit = (id: string, more: Partial<Visit> = {}): Visit => ({
  ...{ id, user: null, mood: 'good', pages: [], facts: {}, at: Date.UTC(2026, 0, 15) },
  ...more,
})

function block(token: string, visits: readonly Visit[], more: Partial<Block> = {}): Block {
  const visitCodec = codec<Visit>(schema)
  const slices = visits.map((value) => {
    const data = Buffer.alloc(4096)
    return { data, start: 0, end: visitCodec.encode(value, data, 0) }
  })
  return { table: 'contract.visits', columns, avro: containerFile(schema, slices), token, ...more }
}

/** What every OLAP driver does. `secret` is a file on the engine's machine that no query may show. */
export function olapContract(
  name: string,
  open: () => Promise<{ olap: Olap; secret: string; close(): Promise<void> }>,
): void {
  describe(name, () => {
    let setting: Awaited<ReturnType<typeof open>>
    let olap: Olap
    const ask = async (sql: string) => (await olap.query(sql, limits)).rows

    beforeAll(async () => {
      setting = await open()
      olap = setting.olap
      await olap.migrate(statements)
    })
    afterAll(() => setting.close())

    test('a migration may run again', async () => {
      await olap.migrate(statements)
      expect(
        await ask(
          "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'visits%' ORDER BY name",
        ),
      ).toHaveLength(3)
    })

    test('a migration that fails is worth another try, and names its statement', async () => {
      const { code, message } = await failure(
        olap.migrate(['CREATE TABLE visits_broken (a Nonsense) ENGINE = Memory']),
      )
      expect(code).toBe('UNAVAILABLE')
      expect(message).toContain('visits_broken')
    })

    test('a block goes in, with expressions, nulls, maps and every script', async () => {
      await olap.insert(
        block('values', [
          visit('first', { pages: ['/a', '/b'], facts: { city: '台北', note: "it's 'quoted'\n\t\\" } }),
          visit('second', { user: 'Zoë 👩‍👩‍👧', mood: 'bad' }),
        ]),
      )
      expect(
        await ask(
          "SELECT id, user, mood, pages, facts, first, toUnixTimestamp64Milli(at) AS at FROM visits WHERE id IN ('first', 'second') ORDER BY id",
        ),
      ).toEqual([
        {
          id: 'first',
          user: '',
          mood: 'good',
          pages: 2,
          facts: { city: '台北', note: "it's 'quoted'\n\t\\" },
          first: '/a',
          at: Date.UTC(2026, 0, 15),
        },
        {
          id: 'second',
          user: 'Zoë 👩‍👩‍👧',
          mood: 'bad',
          pages: 0,
          facts: {},
          first: 'none',
          at: Date.UTC(2026, 0, 15),
        },
      ])
    })

    test('the same token counts once, in the table and in the rollup, across table partitions', async () => {
      const before = await counts()
      const visits = Array.from({ length: 500 }, (_, i) =>
        visit(`once-${i}`, { at: Date.UTC(2025, 0, 15) + (i % 5) * month }),
      )
      for (let time = 0; time < 3; time++) await olap.insert(block('once', visits))
      expect(await counts()).toEqual({ rows: before.rows + 500, rolledUp: before.rolledUp + 500 })
    })

    test('other tokens in between change nothing', async () => {
      const before = await counts()
      await olap.insert(block('a', [visit('a')]))
      for (let i = 0; i < 20; i++) await olap.insert(block(`between-${i}`, [visit(`between-${i}`)]))
      await olap.insert(block('a', [visit('a')]))
      expect(await counts()).toEqual({ rows: before.rows + 21, rolledUp: before.rolledUp + 21 })
    })

    test('equal rows under two tokens are two rows', async () => {
      const before = await counts()
      await olap.insert(block('twin-1', [visit('twin')]))
      await olap.insert(block('twin-2', [visit('twin')]))
      expect(await counts()).toEqual({ rows: before.rows + 2, rolledUp: before.rolledUp + 2 })
    })

    test('a block with a faulty row is refused whole, for good', async () => {
      const before = await counts()
      const strict = columns.map((column) =>
        column.name === 'pages'
          ? { name: 'pages', expression: "throwIf(id = 'faulty') + length(pages)" }
          : column,
      )
      const { code, retryable, message } = await failure(
        olap.insert(block('faulty', [visit('fine'), visit('faulty')], { columns: strict })),
      )
      expect({ code, retryable }).toEqual({ code: 'QUERY_REFUSED', retryable: false })
      expect(message).toContain('table "contract.visits"')
      expect(await counts()).toEqual(before)
    })

    test('bytes that are not the schema’s are refused for good', async () => {
      const whole = block('torn', [visit('torn')])
      const torn = containerFile(schema, [{ data: Buffer.from([200, 1, 2]), start: 0, end: 3 }])
      expect((await failure(olap.insert({ ...whole, avro: torn }))).code).toBe('QUERY_REFUSED')
    })

    test('a table that is not there yet is worth another try', async () => {
      const { code, message } = await failure(
        olap.insert(block('early', [visit('early')], { table: 'contract.visits_later' })),
      )
      expect(code).toBe('UNAVAILABLE')
      expect(message).toContain('visits_later')
    })

    readingContract(() => ({ olap, secret: setting.secret, counts }))

    async function counts(): Promise<{ rows: number; rolledUp: number }> {
      const [row] = await ask(
        'SELECT (SELECT count() FROM visits) AS rows, (SELECT sum(visits) FROM visits_by_mood) AS rolledUp',
      )
      return row as { rows: number; rolledUp: number }
    }
  })
}
