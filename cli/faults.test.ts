import { afterAll, beforeAll, expect, test } from 'vitest'
import { ConnectorError } from '../connectors/errors.ts'
import type { Alert, Processed, Utterance } from '../schemas/generated/events.ts'
import type { AvroTopic, Topic } from '../schemas/topic.ts'
import { alerts, processed, utterances } from '../schemas/topics.ts'
import { encodeFramed } from '../schemas/wire.ts'
import { drained, type Pipeline, produceTo, until, valuesOf, workplace } from './fixture.ts'

/** What faulty producers put on `utterances`, and faulty clients send. */
const { murmur, json, start, open, lay } = workplace()
const produce = (values: Parameters<typeof produceTo>[1]) => open((opened) => produceTo(opened, values))
let pipeline: Pipeline
beforeAll(async () => {
  pipeline = await start()
})
afterAll(() => pipeline.stop())

const framed = <T>(topic: Topic<T>, value: T, schemaId: number): Buffer => {
  const buffer = Buffer.alloc(1 << 20)
  return buffer.subarray(0, encodeFramed(topic.codec, schemaId, value, buffer, 0))
}

const utterance = (id: string, text = `note ${id}`): Utterance => ({
  id,
  conversation: 'mixed',
  user: null,
  channel: 'import',
  role: 'user',
  text,
  media: [],
  languageHint: null,
  occurredAt: Date.UTC(2026, 0, 1),
  attributes: {},
})

const idsOf = <T>(topic: AvroTopic<T>) =>
  open(({ registry }) => registry.register(`${topic.name}-value`, topic.codec.schema))

interface Letter {
  readonly id: string
  readonly code: string
  readonly reason: string
}

/** Open dead letters with their bytes, oldest first. */
async function letters() {
  const listed = await json<Letter[]>('deadletters', 'list')
  return Promise.all(
    listed.map(async (letter) => {
      const { value } = await json<{ value: string }>('deadletters', 'show', letter.id)
      return { ...letter, bytes: Buffer.from(value, 'base64') }
    }),
  )
}

const settled = () => open((opened) => drained(opened))

const allProcessed = () => open((opened) => valuesOf(opened, processed))

test('what no reader can decode becomes a dead letter with code, reason and its own bytes; the rest goes through', async () => {
  const id = await idsOf(utterances)
  const good = (n: number) => framed(utterances, utterance(`good-${n}`), id)
  const text = framed(utterances, utterance('latin', 'caf~'), id)
  text[text.indexOf('~')] = 0xe9
  const faulty: Record<string, [value: Buffer, code: string, reason: RegExp]> = {
    truncated: [good(0).subarray(0, -5), 'UNDECODABLE', /not a valid "utterances" event/],
    'over-long': [
      Buffer.concat([good(0), Buffer.from('more')]),
      'UNDECODABLE',
      /not a valid "utterances" event/,
    ],
    endless: [
      Buffer.concat([good(0).subarray(0, 5), Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0x7f])]),
      'UNDECODABLE',
      /not a valid "utterances" event/,
    ],
    'not UTF-8': [text, 'UNDECODABLE', /UTF-8/],
    'of another schema': [
      framed(alerts, alert, await idsOf(alerts)),
      'UNFIT_MESSAGE',
      /schema id \d+ makes no "utterances" event: field "text" is missing; map a column to it: text=COLUMN/,
    ],
    'of no schema': [
      framed(utterances, utterance('later'), 10_000),
      'UNKNOWN_SCHEMA',
      /schema id 10000 is not in the registry/,
    ],
    'JSON of another shape': [
      Buffer.from('{"said":"hello"}'),
      'UNFIT_MESSAGE',
      /the JSON object makes no "utterances" event: field "text" is missing/,
    ],
    'JSON that is cut short': [Buffer.from('{"text":"hel'), 'UNDECODABLE', /JSON/],
    'neither Avro nor JSON': [Buffer.from('hello'), 'NOT_FRAMED', /Confluent's header/],
    empty: [Buffer.alloc(0), 'NOT_FRAMED', /Confluent's header/],
  }
  const mixed: [string, Buffer][] = []
  for (const [index, [value]] of Object.values(faulty).entries())
    mixed.push(['mixed', good(2 * index)], ['mixed', value], ['mixed', good(2 * index + 1)])
  await produce(mixed)
  await settled()

  const found = await letters()
  expect(found.map(({ code }) => code)).toEqual(Object.values(faulty).map(([, code]) => code))
  for (const [index, [value, , reason]] of Object.values(faulty).entries()) {
    expect(found[index]?.reason).toMatch(reason)
    expect(found[index]?.bytes).toEqual(value)
  }
  const through = await allProcessed()
  expect(through.map(({ id, turn }) => [id, turn])).toEqual(
    Object.keys(faulty).flatMap((_, i) => [
      [`good-${2 * i}`, 2 * i + 1],
      [`good-${2 * i + 1}`, 2 * i + 2],
    ]),
  )
  const { ready, processors } = await pipeline.health()
  expect([ready, processors.filter(({ state }) => state !== 'running' && state !== 'idle')]).toEqual([
    true,
    [],
  ])
  expect(await json('query', 'SELECT uniqExact(id) AS n, count() AS rows FROM deadletters')).toEqual([
    { n: found.length, rows: found.length },
  ])
})

test('a redriven message goes through once its schema is registered; others come back', async () => {
  const response = await fetch(`${pipeline.address}/registry/subjects/partner-value/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({
      schema: JSON.stringify({ ...(utterances.codec.schema as object), doc: 'as our partner writes it' }),
    }),
  })
  expect(await response.json()).toEqual({ id: 10_000 })
  const before = await json<Letter[]>('deadletters', 'list')
  const { redriven } = await json<{ redriven: string[] }>('deadletters', 'redrive', '--all')
  expect(redriven.sort()).toEqual(before.map(({ id }) => id).sort())
  await settled()
  expect((await allProcessed()).map(({ id }) => id)).toContain('later')
  const after = await json<Letter[]>('deadletters', 'list')
  expect(after.map(({ code, reason }) => [code, reason])).toEqual(
    before.filter(({ reason }) => !reason.includes('10000')).map(({ code, reason }) => [code, reason]),
  )
  expect(after.filter(({ id }) => redriven.includes(id))).toEqual([])
})

test('eleven megabytes are refused, by the log and by the gateway, with what to do instead', async () => {
  const large = Buffer.alloc(11_000_000, 'a')
  const refused = produce([['large', large]])
  await expect(refused).rejects.toBeInstanceOf(ConnectorError)
  await expect(refused).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' })
  const media = await post({ media: [{ type: 'image/png', data: large.toString('base64') }] })
  expect(media).toMatchObject({
    status: 413,
    error: { field: 'media', remedy: expect.stringContaining('url') },
  })
  const text = await post({ text: 'a'.repeat(300_000) })
  expect(text).toMatchObject({ status: 422, error: { field: 'text', remedy: 'at most 262144' } })
  const body = await post({ text: 'a'.repeat(17_000_000) })
  expect(body).toMatchObject({ status: 413, error: { code: 'TOO_LARGE' } })
})

test('the largest utterance that is accepted goes through, and so does what follows it', async () => {
  const data = Buffer.alloc(10_485_760, 7)
  const sent = {
    conversation: 'large',
    channel: 'import',
    media: [{ type: 'image/png', data: data.toString('base64') }],
  }
  expect(await post({ ...sent, text: '很'.repeat(19_000) })).toMatchObject({ status: 202 })
  expect(await post({ conversation: 'large', channel: 'import', text: 'still there?' })).toMatchObject({
    status: 202,
  })
  await settled()
  const [first, second] = (await allProcessed()).filter(({ conversation }) => conversation === 'large') as [
    Processed,
    Processed,
  ]
  expect([first.truncated, first.media[0]?.data?.equals(data), second.turn]).toEqual([true, true, 2])
  expect(
    await json(
      'query',
      "SELECT media_count, length(text) AS bytes FROM processed WHERE conversation = 'large' ORDER BY turn",
    ),
  ).toEqual([
    { media_count: 1, bytes: 57_000 },
    { media_count: 0, bytes: 12 },
  ])
})

test('the largest record that the log takes becomes a dead letter where it is nonsense', async () => {
  const nonsense = Buffer.alloc(10_485_760 + 65_536 - 'huge'.length, 'x')
  await produce([
    ['huge', nonsense],
    ['huge', framed(utterances, { ...utterance('behind'), conversation: 'huge' }, await idsOf(utterances))],
  ])
  await settled()
  expect((await allProcessed()).map(({ id }) => id)).toContain('behind')
  const last = (await letters()).find(({ bytes }) => bytes.length > 1e6)
  expect([last?.code, last?.bytes.equals(nonsense)]).toEqual(['NOT_FRAMED', true])
})

test('a flood of dead letters stops the processor before any is written, and says why; nothing is lost', async () => {
  const flooded = ['--config', lay('flood.yaml', 'deadletters: { minimum: 5, maxShare: 0.1 }\n')]
  const before = (await json<Letter[]>('deadletters', 'list')).length
  await pipeline.stop()
  pipeline = await start(flooded)
  await produce(Array.from({ length: 40 }, () => ['flood', Buffer.from('nonsense')] as const))
  const failed = await until('the processor stops', async () =>
    (await pipeline.health()).processors.find(({ state }) => state === 'failed'),
  )
  expect(failed.reason).toMatch(/of the last \d+ messages were refused.*Nothing of this batch was written/)
  const ready = await fetch(`${pipeline.address}/readyz`)
  expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('were refused')])
  // The other instance takes the flood over and fails of it in turn: either may be named
  expect(await murmur('ingest', lay('row.jsonl', '{"text":"Hello"}\n'), '--wait', ...flooded)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/conversation-[12] does not process them: .*were refused/),
  })
  // Each of the two instances may have written the few that are always allowed
  expect((await json<Letter[]>('deadletters', 'list')).length).toBeLessThanOrEqual(before + 10)

  expect((await pipeline.stop()).code).toBe(0)
  pipeline = await start()
  await settled()
  expect(await json('deadletters', 'list', '--limit', '1000')).toHaveLength(before + 40)
  expect(await json('query', "SELECT count() AS n FROM processed WHERE text = 'Hello'")).toEqual([{ n: 1 }])
})

async function post(body: object): Promise<{ status: number; error?: object }> {
  const response = await fetch(`${pipeline.address}/v1/utterances`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, ...((await response.json()) as object) }
}

const alert: Alert = {
  id: 'a',
  rule: 'grumbles',
  group: 'shop',
  severity: 'info',
  windowStart: 0,
  windowEnd: 1,
  value: 1,
  threshold: 0,
  summary: 'Many complain',
  samples: [],
  createdAt: 0,
}
