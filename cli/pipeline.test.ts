import { once } from 'node:events'
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import avro from 'avsc'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { valueAt } from '../connectors/log/records.ts'
import type { Processed, Reply } from '../schemas/generated/events.ts'
import { processed } from '../schemas/topics.ts'
import { type Pipeline, until, valuesOf, workplace } from './fixture.ts'

/** The whole product as a user runs it: one pipeline of real processes, and commands beside it. */
const { run, murmur, json, start, open, lay } = workplace('cascade')
let pipeline: Pipeline
beforeAll(async () => {
  pipeline = await start()
})
afterAll(() => pipeline.stop())

interface Accepted {
  readonly accepted: readonly { readonly id: string; readonly conversation: string }[]
}

async function say(conversation: string, text: string): Promise<string> {
  const response = await fetch(`${pipeline.address}/v1/utterances`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ conversation, text }),
  })
  expect(response.status).toBe(202)
  return ((await response.json()) as Accepted).accepted[0]?.id as string
}

const rows = (sql: string) => json<Record<string, unknown>[]>('query', sql)
const lines = (count: number, prefix: string) =>
  Array.from(
    { length: count },
    (_, i) =>
      `${JSON.stringify({ id: `${prefix}${i}`, conversation: `${prefix}-${i % 7}`, text: `line ${i}` })}\n`,
  ).join('')

test('an utterance comes back as a reply, over HTTP and WebSocket, and is two rows in ClickHouse', async () => {
  const socket = new WebSocket(`${pipeline.address.replace('http', 'ws')}/v1/ws`)
  await once(socket, 'open')
  const heard: { type: string; id: string }[] = []
  socket.on('message', (data) => heard.push(JSON.parse(String(data))))
  socket.send(JSON.stringify({ type: 'subscribe', conversation: 'ann' }))
  await until('subscribed', () => heard.some(({ type }) => type === 'subscribed'))

  const id = await say('ann', 'Where is my order 4711?')
  const answer = await fetch(`${pipeline.address}/v1/replies?conversation=ann&wait=20s`)
  const { replies } = (await answer.json()) as { replies: Reply[] }
  expect(replies).toMatchObject([
    { inReplyTo: id, conversation: 'ann', intent: 'order_status', plugin: 'faq' },
  ])
  const told = await until('the reply is heard', () => heard.find(({ type }) => type === 'reply'))
  expect(told.id).toBe(replies[0]?.id)
  socket.close()

  const sql =
    "SELECT id, role, text, language, intent, turn FROM processed WHERE conversation = 'ann' ORDER BY turn"
  const found = await until('both rows are there', async () => {
    const found = await rows(sql)
    return found.length === 2 && found
  })
  expect(found).toEqual([
    { id, role: 'user', text: 'Where is my order 4711?', language: 'en', intent: 'order_status', turn: 1 },
    expect.objectContaining({ role: 'bot', text: replies[0]?.text, turn: 2 }),
  ])
})

test('a file is ingested once, and can be queried when --wait is over', async () => {
  const file = lay('posts.jsonl', lines(3000, 'a'))
  expect(await json('ingest', file, '--wait')).toMatchObject({ read: 3000, written: 3000, rejected: 0 })
  const sql = "SELECT count() AS n, uniqExact(id) AS ids FROM processed WHERE startsWith(id, 'a')"
  expect(await rows(sql)).toEqual([{ n: 3000, ids: 3000 }])
  expect(await json('ingest', file, '--wait')).toMatchObject({ read: 0, written: 0 })
  expect((await murmur('ingest', file)).out).toContain('nothing new')
})

test('standard input is a source like any other', async () => {
  const { code, out } = await run(['ingest', '-', '--name', 'pipe', '--wait', '--json'], {
    input: lines(20, 'p'),
  }).ended
  expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ written: 20 })])
})

test('a broken row of a CSV file becomes a dead letter with its own bytes; the others go through', async () => {
  const broken = 'x,"unclosed" text,2026-01-02'
  const file = lay(
    'reviews.csv',
    `user,review,date\nbob,Very good,2026-01-01\n${broken}\neve,很好,2026-01-03\n`,
  )
  const map = ['--map', 'text=review', 'occurredAt=date', "channel='review'"]
  expect(await json('ingest', file, '--wait', ...map)).toMatchObject({ read: 3, written: 2, rejected: 1 })
  expect(
    await rows("SELECT user, text, language FROM processed WHERE channel = 'review' ORDER BY user"),
  ).toEqual([
    { user: 'bob', text: 'Very good', language: 'en' },
    { user: 'eve', text: '很好', language: 'zh' },
  ])

  const [letter, ...others] = await json<{ id: string; code: string; reason: string }[]>(
    'deadletters',
    'list',
  )
  expect(others).toEqual([])
  expect(letter).toMatchObject({ code: 'BROKEN_ROW', reason: expect.stringContaining('line 3') })
  const shown = await json<{ value: string }>('deadletters', 'show', letter?.id as string)
  expect(Buffer.from(shown.value, 'base64').toString()).toBe(broken)
  expect((await murmur('deadletters', 'show', letter?.id as string)).out).toContain('x,"unclosed" tex')
  expect(await rows('SELECT id, code FROM deadletters')).toEqual([{ id: letter?.id, code: 'BROKEN_ROW' }])

  expect(await json('deadletters', 'redrive', '--all')).toEqual({ redriven: [], impossible: [letter?.id] })
  expect(await json('deadletters', 'discard', '--code', 'BROKEN_ROW')).toMatchObject({
    discarded: [letter?.id],
  })
  expect(await json('deadletters', 'list')).toEqual([])
  expect(await murmur('deadletters', 'show', 'none')).toMatchObject({
    code: 1,
    err: expect.stringContaining('no open dead letter has the id "none"'),
  })
  expect((await murmur('deadletters', 'discard')).err).toContain('say which: ids, --code, --stage or --all')
})

test('status tells what runs, how far behind it is, and what each stage takes', async () => {
  const { health, groups, topics, running } = await json<{
    running: { process: { pid: number }; address: string }
    health: { ready: boolean; processors: { instance: string; stages: object }[] }
    groups: { group: string; topic: string; lag: number }[]
    topics: { topic: string; records: number }[]
  }>('status')
  expect(running).toMatchObject({ process: { pid: pipeline.pid }, address: pipeline.address })
  expect(health.ready).toBe(true)
  const instances = health.processors.map(({ instance }) => instance)
  expect(instances).toEqual(expect.arrayContaining(['conversation-1', 'sink-1']))
  expect(health.processors[0]?.stages).toMatchObject({ intent: { ms: expect.any(Number) } })
  expect(groups).toContainEqual({ group: 'conversation', topic: 'utterances', lag: 0 })
  expect(topics.find(({ topic }) => topic === 'processed')?.records).toBeGreaterThan(3000)
  expect((await murmur('status')).out).toMatch(/running: process \d+.*conversation-1 .*µs each/s)
})

test('tail decodes a topic, from its start or as it grows', async () => {
  const { out } = await murmur('tail', 'processed', '--from', 'earliest', '--no-follow', '--json')
  const [{ n } = {}] = await rows('SELECT count() AS n FROM processed')
  expect(out.trim().split('\n')).toHaveLength(n as number)
  expect(JSON.parse(out.slice(0, out.indexOf('\n')))).toMatchObject({
    topic: 'processed',
    value: { intent: expect.any(String), history: [] },
  })

  const following = run(['tail', 'replies', '--limit', '2'])
  await until('both replies are shown', async () => {
    await say('tailed', 'How do I return a dress?')
    return following.out().split('\n').length > 2
  })
  expect(await following.ended).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^(\d@\d+ tailed {2}{.*}\n){2}$/),
  })
})

test('a foreign client decodes processed: REST by hand with plain avsc, and a Confluent client', async () => {
  const raw = await open(async ({ log }) => {
    const partition = (await log.topics())
      .find(({ name }) => name === processed.name)
      ?.offsets.findIndex(({ latest }) => latest > 0)
    const records = await log.read(processed.name, partition as number, 0, 1)
    return Buffer.from(valueAt(records as NonNullable<typeof records>, 0))
  })
  expect(raw[0]).toBe(0)
  const response = await fetch(`${pipeline.address}/registry/schemas/ids/${raw.readInt32BE(1)}`)
  const { schema } = (await response.json()) as { schema: string }
  const byHand = avro.Type.forSchema(JSON.parse(schema)).fromBuffer(raw.subarray(5)) as Processed
  expect(byHand).toMatchObject({ id: expect.any(String), role: 'user', intent: expect.any(String) })

  const client = new SchemaRegistry({ host: `${pipeline.address}/registry` })
  const byClient = (await client.decode(raw)) as Processed
  expect([byClient.id, byClient.text, byClient.turn]).toEqual([byHand.id, byHand.text, byHand.turn])
  const [row] = await rows(`SELECT text, intent, turn FROM processed WHERE id = '${byHand.id}'`)
  expect(row).toEqual({ text: byHand.text, intent: byHand.intent, turn: byHand.turn })
})

test('doctor finds everything in order', async () => {
  const findings = await json<{ check: string; ok: boolean; found: string }[]>('doctor')
  expect(findings.filter(({ ok }) => !ok)).toEqual([])
  const found = Object.fromEntries(findings.map(({ check, found }) => [check, found]))
  expect(found).toMatchObject({
    pipeline: `process ${pipeline.pid} runs at ${pipeline.address}`,
    olap: expect.stringMatching(/^ClickHouse \d.*through the pipeline/),
    topology: expect.stringContaining('cleaning → intent → context → plugins'),
  })
})

test('SIGTERM drains: exit code 0, and everything accepted is there afterwards', async () => {
  const ids = await Promise.all(Array.from({ length: 50 }, (_, i) => say(`last-${i % 5}`, `goodbye ${i}`)))
  expect(await pipeline.stop()).toMatchObject({ code: 0, err: expect.stringContaining('draining') })
  expect(await json('status')).toMatchObject({ running: null, health: null })
  pipeline = await start()
  const sql = "SELECT id FROM processed WHERE startsWith(conversation, 'last') AND role = 'user'"
  await until('all of them are rows', async () => (await rows(sql)).length === ids.length)
  const said = (await open((opened) => valuesOf(opened, processed))).map(({ id }) => id)
  expect(ids.filter((id) => !said.includes(id))).toEqual([])
  expect(new Set(said).size).toBe(said.length)
  pipeline.kill('SIGINT')
  expect((await pipeline.ended).code).toBe(0)
  expect(await rows(sql)).toHaveLength(ids.length)
})
