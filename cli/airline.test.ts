import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packageRoot } from '../schemas/root.ts'
import { startClickHouse } from '../servers/clickhouse.ts'
import { describeWith } from '../servers/describe.ts'
import { kafkaMissing, startKafka } from '../servers/kafka.ts'
import { redisMissing, startRedis } from '../servers/redis.ts'
import { workplace } from './fixture.ts'

/** Real posts, where they lie beside the project. */
const posts = join(packageRoot(), '..', 'shared', 'data', 'replay', 'airline-tweets', 'tweets.jsonl')
const { json, lay, start } = workplace()

const map = [
  'id=',
  'occurredAt=time',
  "channel='social'",
  'attributes.tweet=id',
  'attributes.airline=airline',
]

/** What the rows come to: by airline, what was understood of whom. */
const aggregates = `SELECT attributes['airline'] AS airline, count() AS n, uniqExact(id) AS ids, sum(cityHash64(id)) AS which,
  countIf(language = '') AS noLanguage, countIf(intent = '') AS noIntent, countIf(language = 'en') AS english,
  countIf(sentiment = 'negative') AS negative, round(avg(sentiment_score), 6) AS mood, sum(turn) AS turns
  FROM processed WHERE channel = 'social' AND role = 'user' GROUP BY airline ORDER BY airline`

interface Aggregate {
  readonly n: number
  readonly ids: number
  readonly noLanguage: number
  readonly noIntent: number
}

/** Takes the posts through the pipeline, as the README does. */
async function taken(): Promise<readonly Aggregate[]> {
  const pipeline = await start()
  expect(await json('ingest', posts, '--map', ...map, '--wait')).toMatchObject({
    read: 14_640,
    written: 14_640,
    rejected: 0,
    unseenColumns: [],
  })
  const rows = await json<Aggregate[]>('query', aggregates)
  expect((await pipeline.stop()).code).toBe(0)
  return rows
}

const sum = (rows: readonly Aggregate[], of: keyof Aggregate) => rows.reduce((all, row) => all + row[of], 0)

describe.skipIf(!existsSync(posts))(
  '14,640 posts to airlines (needs ../shared/data/replay/airline-tweets)',
  () => {
    let embedded: readonly Aggregate[]

    test('each becomes one row with language and intent', async () => {
      embedded = await taken()
      expect(embedded).toHaveLength(6)
      expect([sum(embedded, 'n'), sum(embedded, 'ids')]).toEqual([14_640, 14_640])
      expect([sum(embedded, 'noLanguage'), sum(embedded, 'noIntent')]).toEqual([0, 0])
    }, 120_000)

    describeWith(
      () => kafkaMissing() ?? redisMissing(),
      'on Kafka, Redis and a ClickHouse server',
      () => {
        test('the same rows come out, and the same aggregates', async () => {
          const servers = await Promise.all([startKafka(), startRedis(), startClickHouse()])
          const [kafka, redis, clickhouse] = servers
          lay(
            'murmur.yaml',
            `
log: { driver: kafka, partitions: 8, kafka: { brokers: [${kafka.brokers}] } }
store: { driver: redis, redis: { url: "redis://${redis.nodes}" } }
olap: { driver: clickhouse, url: "${clickhouse.url}" }
`,
          )
          try {
            expect(await taken()).toEqual(embedded)
          } finally {
            await Promise.all(servers.map((server) => server.stop()))
          }
        }, 180_000)
      },
    )
  },
)
