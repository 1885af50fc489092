import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ConnectorError } from '../../connectors/errors.ts'
import type { Log } from '../../connectors/log/log.ts'
import { RecordsBuilder } from '../../connectors/log/records.ts'
import { type Opened, openConnectors } from '../../connectors/open.ts'
import { loadConfig } from '../../load-config.ts'
import { type AvroSchema, codec } from '../../schemas/codec.ts'
import type { DeadLetter, Processed } from '../../schemas/generated/events.ts'
import type { Topic } from '../../schemas/topic.ts'
import { deadletters, processed, topics, utterances } from '../../schemas/topics.ts'
import { encodeFramed } from '../../schemas/wire.ts'
import { resolveDeadLetters } from '../deadletters/deadletters.ts'
import { Rejection } from '../message.ts'
import { replay } from '../replay/replay.ts'
import { lagByGroup, sumOf } from '../runtime/lag.ts'
import { type RunningProcessor, startProcessor } from '../runtime/processor.ts'
import { scan, wholeTopic } from '../runtime/scan.ts'
import { murmur } from '../topology.ts'

// What other programs put on `utterances`, taken by the product's own processor on the embedded log.

const saidAt = Date.UTC(2026, 0, 1, 12)
const running: RunningProcessor[] = []
let folder: string
let opened: Opened

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'murmur-intake-'))
  opened = await openConnectors(configWith())
  await opened.createTopics(topics.map(({ name }) => name))
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((processor) => processor.stop()))
  await opened.close()
  rmSync(folder, { recursive: true })
})

const configWith = (map: readonly string[] = [], format = 'auto') =>
  loadConfig({
    env: {},
    flags: new Map<string, unknown>([
      ['data', folder],
      ['plugins', []],
      ['input.map', map],
      ['input.format', format],
    ]),
  })

const conversation = async (map: readonly string[] = [], format = 'auto') => {
  const { processors } = await murmur(configWith(map, format))
  return processors.find(({ name }) => name === 'conversation') as (typeof processors)[number]
}

/** Runs the conversation processor until it has read everything. */
async function work(map: readonly string[] = [], format = 'auto', log: Log = opened.log): Promise<void> {
  const processor = await startProcessor(
    await conversation(map, format),
    { backoff: { firstMs: 1, maxMs: 2 } },
    { ...opened, log },
  )
  running.push(processor)
  await vi.waitFor(
    async () => expect(sumOf((await lagByGroup(opened.log)).get('conversation')), 'lag').toBe(0),
    { timeout: 10_000, interval: 20 },
  )
  await processor.stop()
}

/** Puts a value on a partition as it is, as any producer can. */
async function produce(
  value: Uint8Array | object,
  { key = '', partition = 0, at = saidAt } = {},
): Promise<void> {
  const bytes = value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value))
  const producer = await opened.log.producer('elsewhere')
  const builder = new RecordsBuilder(utterances.name, partition)
  builder.add(key, bytes, at)
  await producer.append([builder.take()])
  await producer.close()
}

/** A value of a schema that the registry has under another subject. */
async function avro(schema: AvroSchema, value: object): Promise<Buffer> {
  const id = await opened.registry.register('partner-value', schema)
  const buffer = Buffer.alloc(4096)
  return buffer.subarray(0, encodeFramed(codec<object>(schema), id, value, buffer, 0))
}

async function read<T>(topic: Topic<T>): Promise<T[]> {
  const values: T[] = []
  for await (const item of scan(
    opened.log,
    opened.registry,
    topic,
    await wholeTopic(opened.log, topic.name),
  )) {
    if (!(item instanceof Rejection)) values.push(item.value as T)
  }
  return values
}
const texts = (values: readonly Processed[]) => values.map(({ text }) => text)
const letters = (): Promise<DeadLetter[]> => read(deadletters)

const ticket = {
  type: 'record',
  name: 'Ticket',
  namespace: 'com.example',
  fields: [
    { name: 'number', type: 'long' },
    { name: 'author', type: { type: 'record', name: 'Author', fields: [{ name: 'name', type: 'string' }] } },
    { name: 'body', type: ['null', 'string'] },
    { name: 'opened', type: { type: 'long', logicalType: 'timestamp-micros' } },
  ],
}

describe('plain JSON', () => {
  test('with the names of an utterance’s fields needs no configuration', async () => {
    await produce({
      id: 'u1',
      conversation: 'c1',
      user: 'ann',
      channel: 'chat',
      text: 'Where is my parcel?',
      occurredAt: '2026-01-01T09:00:00Z',
      attributes: { order: 4711 },
    })
    await work()
    expect(await read(processed)).toMatchObject([
      {
        id: 'u1',
        conversation: 'c1',
        user: 'ann',
        channel: 'chat',
        occurredAt: Date.UTC(2026, 0, 1, 9),
        attributes: { order: '4711' },
        turn: 1,
      },
    ])
    expect(await letters()).toEqual([])
  })

  test('that leaves out what producers leave out: id from its place, conversation from its key, time from its record', async () => {
    await produce({ text: 'Hello' }, { key: 'c7' })
    await work()
    expect(await read(processed)).toMatchObject([
      {
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        conversation: 'c7',
        user: null,
        channel: 'import',
        occurredAt: saidAt,
      },
    ])
  })

  test('of another shape is mapped by the words of `murmur ingest --map`', async () => {
    await produce({
      ticket: 12,
      from: { mail: 'ann@example.com' },
      body: 'It broke',
      stars: 1,
      text: 'internal',
    })
    await work([
      'conversation=ticket',
      'user=from.mail',
      'text=body',
      "channel='mail'",
      'attributes.stars=stars',
    ])
    expect(await read(processed)).toMatchObject([
      {
        conversation: '12',
        user: 'ann@example.com',
        text: 'It broke',
        channel: 'mail',
        attributes: { stars: '1' },
      },
    ])
  })

  test('that does not fit is a dead letter with its bytes, and the rest goes on', async () => {
    const faulty = { text: 'Hello', occurredAt: 'soon' }
    await produce(faulty, { key: 'c1' })
    await produce({ said: 'Hello' }, { key: 'c1' })
    await produce(Buffer.from('{"text": "caf\xe9"}', 'latin1'), { key: 'c1' })
    await produce({ text: 'Anyone?' }, { key: 'c1' })
    await work()
    const found = await letters()
    expect(found.map(({ stage, code, reason }) => [stage, code, reason])).toEqual([
      [
        'decode',
        'UNFIT_MESSAGE',
        expect.stringContaining('field "occurredAt": "soon" is not a time; write ISO 8601'),
      ],
      [
        'decode',
        'UNFIT_MESSAGE',
        'the JSON object makes no "utterances" event: field "text" is missing; map a column to it: text=COLUMN (the mapping is input.map)',
      ],
      ['decode', 'UNDECODABLE', expect.stringContaining('the bytes are not UTF-8')],
    ])
    expect(JSON.parse(found[0]?.value.toString() as string)).toEqual(faulty)
    expect(texts(await read(processed))).toEqual(['Anyone?'])
  })

  test('is refused where only Avro is allowed', async () => {
    await produce({ text: 'Hello' }, { key: 'c1' })
    await work([], 'avro')
    expect(await letters()).toMatchObject([{ code: 'NOT_FRAMED' }])
  })
})

describe('Avro', () => {
  test('of a foreign schema is mapped like JSON', async () => {
    const said = { number: 7, author: { name: 'ann' }, body: 'It broke', opened: saidAt * 1000 }
    await produce(await avro(ticket, said))
    await produce(await avro(ticket, { ...said, body: null }))
    await work(['conversation=number', 'user=author.name', 'text=body', 'occurredAt=opened'])
    expect(await read(processed)).toMatchObject([
      { conversation: '7', user: 'ann', text: 'It broke', occurredAt: saidAt },
    ])
    expect(await letters()).toMatchObject([
      {
        code: 'UNFIT_MESSAGE',
        reason: expect.stringMatching(
          /^the record of schema id \d+ makes no "utterances" event: field "text" is missing/,
        ),
      },
    ])
  })

  test('of a foreign schema is refused where only JSON is allowed', async () => {
    await produce(await avro(ticket, { number: 7, author: { name: 'ann' }, body: 'It broke', opened: 0 }))
    await work(['text=body'], 'json')
    expect(await letters()).toMatchObject([
      { code: 'UNKNOWN_SCHEMA', reason: expect.stringContaining('does not fit') },
    ])
  })

  test('of another generation of the own schema is read by Avro’s rules, older or newer', async () => {
    const { fields, ...rest } = utterances.codec.schema as { type: string; fields: { name: string }[] }
    const older = {
      ...rest,
      fields: fields.filter(({ name }) => name !== 'languageHint' && name !== 'media'),
    }
    const newer = { ...rest, fields: [...fields, { name: 'tone', type: 'string', default: 'calm' }] }
    const said = {
      conversation: 'c1',
      user: null,
      channel: 'chat',
      role: 'user',
      occurredAt: saidAt,
      attributes: {},
    }
    await produce(await avro(older, { ...said, id: 'u1', text: 'from the past' }), { key: 'c1' })
    await produce(
      await avro(newer, {
        ...said,
        id: 'u2',
        text: 'from the future',
        media: [],
        languageHint: null,
        tone: 'shrill',
      }),
      { key: 'c1' },
    )
    await work()
    expect(await read(processed)).toMatchObject([
      { id: 'u1', text: 'from the past', languageHint: null, media: [], turn: 1 },
      { id: 'u2', text: 'from the future', turn: 2 },
    ])
    expect(await letters()).toEqual([])
  })
})

test('what lies where its conversation does not belong is moved there: one conversation has one context', async () => {
  const own = (id: string) =>
    avro(utterances.codec.schema, {
      id,
      conversation: 'c1',
      user: null,
      channel: 'chat',
      role: 'user',
      text: `Avro ${id}`,
      media: [],
      languageHint: null,
      occurredAt: saidAt,
      attributes: {},
    })
  for (const partition of [0, 1]) {
    await produce({ conversation: 'c1', text: `without a key, in ${partition}` }, { partition })
    await produce({ conversation: 'c1', text: `by another hash, in ${partition}` }, { partition, key: 'c1' })
    await produce(await own(`by another hash, in ${partition}`), { partition, key: 'c1' })
    await produce(await own(`under another key, in ${partition}`), { partition, key: 'ann' })
  }
  await work()
  const found = await read(processed)
  expect(found.map(({ turn }) => turn)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(new Set(texts(found)).size).toBe(8)
})

test('ids are the same after a crash: nothing is lost, nothing comes twice', async () => {
  for (let i = 0; i < 20; i++)
    await produce({ conversation: `c${i % 3}`, text: `line ${i}` }, { partition: i % 2 })
  const tried: Set<string>[] = []
  const { log } = opened
  const dying: Log = {
    ...log,
    consume: (subscription) =>
      log.consume({
        ...subscription,
        onClaim: (claim) =>
          subscription.onClaim({
            ...claim,
            signal: claim.signal,
            async commit(outputs, ...rest) {
              tried.push(
                new Set(outputs.flatMap(({ data }) => data.toString('latin1').match(/[0-9a-f]{24}/g) ?? [])),
              )
              if (tried.length < 3) throw new ConnectorError('UNAVAILABLE', 'the process dies here')
              await claim.commit(outputs, ...rest)
            },
          }),
      }),
  }
  await work([], 'auto', dying)
  expect(tried[1]).toEqual(tried[0])
  expect(tried[2]).toEqual(tried[0])
  const ids = (await read(processed)).map(({ id }) => id)
  expect([ids.length, new Set(ids).size]).toEqual([20, 20])
})

test('dead letters go through when they are redriven under a mapping that fits', async () => {
  await produce({ said: 'Hello' }, { key: 'c1' })
  await work()
  const redriven = await resolveDeadLetters(opened.log, opened.registry, () => true, 'redriven', Date.now())
  expect(redriven.resolved).toMatchObject([{ code: 'UNFIT_MESSAGE' }])
  await work(['text=said'])
  expect(await read(processed)).toMatchObject([{ conversation: 'c1', text: 'Hello', occurredAt: saidAt }])
})

test('a replay takes them in the same way, with the same ids, and moves nothing a second time', async () => {
  for (let i = 0; i < 6; i++) await produce({ conversation: 'c1', text: `line ${i}` }, { partition: i % 2 })
  await produce({ said: 'Hello' }, { key: 'c1' })
  await work()
  const before = await read(processed)
  const { createTopics } = opened
  await replay(await conversation(), { into: 'again', createTopics }, opened, new AbortController().signal)
  const again = await read({ ...processed, name: 'again.processed' })
  const idsOf = (values: readonly Processed[]) => values.map(({ id, turn }) => `${turn} ${id}`).sort()
  expect(idsOf(again)).toEqual(idsOf(before))
  expect(await read({ ...deadletters, name: 'again.deadletters' })).toMatchObject([{ code: 'UNFIT_MESSAGE' }])
})

test('a pair that names no field is refused at the start', async () => {
  await expect(conversation(['texxt=said'])).rejects.toThrow(
    'input.map "texxt=said" names no field of an utterance: did you mean "text"?',
  )
})
