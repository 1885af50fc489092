import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chdbOlap } from '../../connectors/olap/chdb.ts'
import { chdbEngine } from '../../connectors/olap/engine.ts'
import type { Olap } from '../../connectors/olap/olap.ts'
import { containerFile } from '../container.ts'
import { columns, tables, views } from '../generated/clickhouse.ts'
import { tableStatements } from '../tables.ts'
import type { AvroTopic } from '../topic.ts'
import { alerts, deadletters, processed, replies } from '../topics.ts'

const database = 'murmur'
const statements = tableStatements({ tables, views }, { database })
let folder: string
let olap: Olap
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'murmur-ddl-'))
  olap = chdbOlap(chdbEngine({ folder }), database)
  await olap.migrate(statements)
})
afterAll(async () => {
  await olap.close()
  await rm(folder, { recursive: true })
})

const limits = { maxRows: 100, maxSeconds: 10, maxBytes: 1 << 20 }
const rows = async (sql: string) => (await olap.query(sql, limits)).rows

/** Inserts a block as the sink does. */
function insert<T>({ name, codec }: AvroTopic<T>, values: readonly T[], token: string): Promise<void> {
  const slices = values.map((value) => {
    const data = Buffer.alloc(4096)
    return { data, start: 0, end: codec.encode(value, data, 0) }
  })
  return olap.insert({
    table: `${database}.${name}`,
    columns: columns[name as keyof typeof columns],
    avro: containerFile(codec.schema, slices),
    token,
  })
}

const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const event = {
  id: 'u1',
  conversation: 'c1',
  user: null,
  channel: 'chat',
  role: 'user' as const,
  text: "it's 坏了 📦",
  media: [{ type: 'image/png', name: null, data: Buffer.from([1]), url: null, size: 1 }],
  languageHint: null,
  occurredAt: at,
  attributes: { shop: 'Zürich' },
  cleanText: "it's 坏了",
  language: 'mixed',
  languageConfidence: 0.5,
  fingerprint: 2 ** 52 - 1,
  truncated: true,
  intent: 'complaint',
  intentConfidence: 0.75,
  sentiment: 'negative' as const,
  sentimentScore: -0.5,
  tier: 'linear',
  modelVersion: '2026-01',
  alternatives: [{ intent: 'refund', confidence: 0.25 }],
  labels: { topic: 'parcels' },
  labelConfidences: { topic: 0.75 },
  emotion: 'anger',
  urgency: 0.5,
  aspects: [{ aspect: 'delivery', sentiment: 'negative' as const, score: -0.5 }],
  turn: 2,
  sessionStartedAt: at,
  userTurns: 2,
  negativeTurns: 1,
  history: [{ role: 'bot' as const, text: 'hello', intent: 'greeting', at }],
  slots: { order: '17' },
  tags: ['urgent'],
  annotations: { 'sentiment.label': 'negative' },
  processedAt: at,
}

test('a processed utterance becomes a row', async () => {
  await insert(processed, [event, { ...event, id: 'u2', role: 'bot' }], 'a')
  const [row] = await rows("SELECT * FROM murmur.processed WHERE id = 'u1'")
  expect(row).toEqual({
    id: 'u1',
    conversation: 'c1',
    user: '',
    channel: 'chat',
    role: 'user',
    text: "it's 坏了 📦",
    media_count: 1,
    language_hint: '',
    occurred_at: '2026-01-02 03:04:05.678',
    attributes: { shop: 'Zürich' },
    clean_text: "it's 坏了",
    language: 'mixed',
    language_confidence: 0.5,
    fingerprint: 2 ** 52 - 1,
    truncated: true,
    intent: 'complaint',
    intent_confidence: 0.75,
    sentiment: 'negative',
    sentiment_score: -0.5,
    tier: 'linear',
    model_version: '2026-01',
    alternatives: [{ intent: 'refund', confidence: 0.25 }],
    labels: { topic: 'parcels' },
    label_confidences: { topic: 0.75 },
    emotion: 'anger',
    urgency: 0.5,
    aspects: [{ aspect: 'delivery', sentiment: 'negative', score: -0.5 }],
    turn: 2,
    session_started_at: '2026-01-02 03:04:05.678',
    user_turns: 2,
    negative_turns: 1,
    slots: { order: '17' },
    tags: ['urgent'],
    annotations: { 'sentiment.label': 'negative' },
    processed_at: '2026-01-02 03:04:05.678',
  })
})

test("a block that comes again counts once, in the table and in the minute's sentiment of users", async () => {
  const month = 31 * 86_400_000
  const block = [0, month, 2 * month].map((later, index) => ({
    ...event,
    id: `again${index}`,
    channel: 'again',
    occurredAt: at + later,
  }))
  await insert(processed, block, 'b')
  await insert(processed, block, 'b')
  await insert(processed, [{ ...event, channel: 'again', role: 'bot' }], 'c')
  expect(await rows("SELECT count() n FROM murmur.processed WHERE channel = 'again'")).toEqual([{ n: 4 }])
  expect(
    await rows(
      "SELECT minute, sentiment, sum(utterances) n, sum(score) score FROM murmur.sentiment_by_minute WHERE channel = 'again' GROUP BY minute, sentiment ORDER BY minute LIMIT 1",
    ),
  ).toEqual([{ minute: '2026-01-02 03:04:00', sentiment: 'negative', n: 1, score: -0.5 }])
  expect(
    await rows("SELECT sum(utterances) n FROM murmur.sentiment_by_minute WHERE channel = 'again'"),
  ).toEqual([{ n: 3 }])
})

test('replies, alerts and dead letters become rows', async () => {
  await insert(
    replies,
    [
      {
        id: 'r1',
        conversation: 'c1',
        user: 'ann',
        channel: 'chat',
        inReplyTo: 'u1',
        text: 'Sorry!',
        plugin: 'faq',
        intent: 'complaint',
        confidence: 1,
        attributes: {},
        createdAt: at,
      },
    ],
    'a',
  )
  await insert(
    alerts,
    [
      {
        id: 'a1',
        rule: 'anger',
        group: 'chat',
        severity: 'critical',
        windowStart: at,
        windowEnd: at + 1,
        value: 0.9,
        threshold: 0.5,
        summary: 'Many are angry',
        samples: ['u1'],
        createdAt: at,
      },
    ],
    'a',
  )
  await insert(
    deadletters,
    [
      {
        id: 'd1',
        resolution: 'open',
        topic: 'utterances',
        partition: 3,
        offset: 2 ** 40,
        key: 'c1',
        value: Buffer.from('A value'),
        timestamp: at,
        stage: 'cleaning',
        code: 'REJECTED',
        reason: 'why not',
        createdAt: at,
      },
    ],
    'a',
  )
  expect(await rows('SELECT user, in_reply_to, created_at FROM murmur.replies')).toEqual([
    { user: 'ann', in_reply_to: 'u1', created_at: '2026-01-02 03:04:05.678' },
  ])
  expect(await rows('SELECT `group`, severity, value, samples FROM murmur.alerts')).toEqual([
    { group: 'chat', severity: 'critical', value: 0.9, samples: ['u1'] },
  ])
  expect(await rows('SELECT resolution, `offset`, value FROM murmur.deadletters')).toEqual([
    { resolution: 'open', offset: 2 ** 40, value: 'A value' },
  ])
})

test('the statements may run again, and bring an older table what it lacks', async () => {
  await olap.migrate(['ALTER TABLE murmur.replies DROP COLUMN `plugin`', ...statements])
  expect(await rows('SELECT plugin FROM replies')).toEqual([{ plugin: '' }])
})

test('a row that is older than a field has the default of its schema', async () => {
  await olap.migrate(['ALTER TABLE murmur.processed DROP COLUMN `emotion`', ...statements])
  expect(await rows("SELECT DISTINCT emotion FROM processed WHERE id = 'u1'")).toEqual([{ emotion: 'none' }])
})

test('what is said of an aspect can be summed up', async () => {
  expect(
    await rows(
      "SELECT a.aspect AS aspect, avg(a.score) AS score FROM processed ARRAY JOIN aspects AS a WHERE id = 'u1' GROUP BY aspect",
    ),
  ).toEqual([{ aspect: 'delivery', score: -0.5 }])
})

test('columns say what they hold', async () => {
  expect(
    await rows(
      "SELECT name, comment FROM system.columns WHERE database = 'murmur' AND table = 'deadletters' AND name = 'topic'",
    ),
  ).toEqual([
    { name: 'topic', comment: "Where the message came from; a source's id for a row that never became one" },
  ])
})
