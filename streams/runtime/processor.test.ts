import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openEnvironment } from '../../connectors/embedded/environment.ts'
import { ConnectorError } from '../../connectors/errors.ts'
import { embeddedLog } from '../../connectors/log/embedded.ts'
import { partitionOf } from '../../connectors/log/partition.ts'
import { RecordsBuilder } from '../../connectors/log/records.ts'
import type { Registry } from '../../connectors/registry/registry.ts'
import { embeddedStore } from '../../connectors/store/embedded.ts'
import type { AvroSchema } from '../../schemas/codec.ts'
import type { DeadLetter } from '../../schemas/generated/events.ts'
import { type Topic, topic } from '../../schemas/topic.ts'
import { deadletters } from '../../schemas/topics.ts'
import { encodeFramed } from '../../schemas/wire.ts'
import { Rejection, reject } from '../message.ts'
import { batch, each, keyed } from '../stage.ts'
import {
  type Connectors,
  type ProcessorSettings,
  type RunningProcessor,
  startProcessor,
} from './processor.ts'
import { scan, wholeTopic } from './scan.ts'

interface Line {
  readonly text: string
}
interface Numbered extends Line {
  readonly n: number
}
const text = { name: 'text', type: 'string' }
const lines = topic<Line>('lines', { type: 'record', name: 'Line', fields: [text] })
const loud = topic<Line>('loud', { type: 'record', name: 'Loud', fields: [text] })
const numbered = topic<Numbered>('numbered', {
  type: 'record',
  name: 'Numbered',
  fields: [text, { name: 'n', type: 'int' }],
})
const partitions = 2

const shout = each({ name: 'shout', from: lines, to: loud }, (message) => [
  message.with({ text: message.value.text.toUpperCase() }),
])
const count = keyed(
  { name: 'count', from: loud, to: numbered, state: { initial: () => 0 } },
  (n, message) => [n + 1, [message.with({ n: n + 1 })]],
)

let folder: string
let connectors: Connectors & { close(): Promise<void> }
const running: RunningProcessor[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'murmur-processor-'))
  connectors = open()
  await connectors.log.createTopics(
    [lines, loud, numbered, deadletters].map(({ name }) => ({
      name,
      partitions,
      retentionMs: 1e12,
      retentionBytes: 1e12,
    })),
  )
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((processor) => processor.stop().catch(() => {})))
  await connectors.close()
  rmSync(folder, { recursive: true })
})

function open() {
  const environment = openEnvironment(folder)
  const log = embeddedLog(environment)
  return {
    log,
    store: embeddedStore(environment),
    registry,
    async close() {
      await log.close()
      await environment.close()
    },
  }
}

/** Ids by the order in which subjects are first seen, as any registry gives them. */
const subjects: AvroSchema[] = []
const registry: Registry = {
  async register(_subject, schema) {
    const at = subjects.indexOf(schema)
    return at < 0 ? subjects.push(schema) : at + 1
  },
  async schema(id) {
    const schema = subjects[id - 1]
    if (schema === undefined) throw new ConnectorError('UNKNOWN_SCHEMA', `no schema has id ${id}`)
    return schema
  },
  close: async () => {},
}

async function say(...texts: readonly (readonly [key: string, text: string])[]): Promise<void> {
  const id = await registry.register('lines-value', lines.codec.schema)
  const builders = Array.from(
    { length: partitions },
    (_, partition) => new RecordsBuilder('lines', partition),
  )
  for (const [key, text] of texts) {
    builders[partitionOf(key, partitions)]?.addEncoded(key, Date.now(), (data, at) =>
      encodeFramed(lines.codec, id, { text }, data, at),
    )
  }
  const producer = await connectors.log.producer('test')
  await producer.append(builders.filter(({ count }) => count > 0).map((builder) => builder.take()))
  await producer.close()
}

async function read<T>(topic: Topic<T>): Promise<T[]> {
  const values: T[] = []
  for await (const item of scan(
    connectors.log,
    registry,
    topic as Topic<unknown>,
    await wholeTopic(connectors.log, topic.name),
  )) {
    if (!(item instanceof Rejection)) values.push(item.value as T)
  }
  return values
}

async function start(
  stages: Parameters<typeof startProcessor>[0]['stages'],
  settings: ProcessorSettings = {},
  parts: Connectors = connectors,
) {
  const backoff = { firstMs: 1, maxMs: 5 }
  const processor = await startProcessor({ name: 'p', stages }, { backoff, ...settings }, parts)
  running.push(processor)
  return processor
}
const eventually = (check: () => Promise<void> | void) => vi.waitFor(check, { timeout: 10_000, interval: 20 })

test('messages flow, state is kept, and a restart goes on where it stopped', async () => {
  const first = await start([shout, count])
  await say(['ann', 'a'], ['bob', 'b'], ['ann', 'c'])
  await eventually(async () => expect(await read(numbered)).toHaveLength(3))
  await first.stop()
  await first.done
  await say(['ann', 'd'])
  await start([shout, count])
  await eventually(async () => expect(await read(numbered)).toHaveLength(4))
  expect((await read(numbered)).filter(({ text }) => 'ACD'.includes(text))).toEqual([
    { text: 'A', n: 1 },
    { text: 'C', n: 2 },
    { text: 'D', n: 3 },
  ])
})

test('while the world is at fault the batch is tried again, and health says so', async () => {
  let down = true
  const flaky = batch({ name: 'flaky', from: lines, to: loud }, (messages) => {
    if (down) throw new ConnectorError('UNAVAILABLE', 'the store does not answer')
    return messages
  })
  const processor = await start([flaky])
  await say(['ann', 'a'])
  await eventually(() =>
    expect(processor.meter.health('p-1')).toMatchObject({
      state: 'retrying',
      reason: 'the store does not answer',
    }),
  )
  expect(await read(loud)).toEqual([])
  down = false
  await eventually(async () => expect(await read(loud)).toEqual([{ text: 'a' }]))
  await eventually(() => expect(processor.meter.health('p-1').state).toMatch(/running|idle/))
  expect(await read(deadletters)).toEqual([])
})

test('a message that makes a stage throw is found by bisection and refused; the rest passes', async () => {
  const fragile = each({ name: 'fragile', from: lines, to: loud }, (message) => {
    if (message.value.text.startsWith('bad')) throw new TypeError(`can't read ${message.value.text}`)
    return [message]
  })
  await say(
    ...Array.from({ length: 50 }, (_, i) => ['ann', i % 20 === 7 ? `bad ${i}` : `fine ${i}`] as const),
  )
  await start([fragile, count])
  await eventually(async () => expect(await read(numbered)).toHaveLength(47))
  const letters = await read<DeadLetter>(deadletters)
  expect(letters.map(({ code, stage }) => ({ code, stage }))).toEqual(
    Array(3).fill({ code: 'POISON', stage: 'p' }),
  )
  expect(letters[0]?.reason).toContain("can't read bad 7; mend the stage, then redrive")
  expect((await read(numbered)).map(({ n }) => n)).toEqual(Array.from({ length: 47 }, (_, i) => i + 1))
})

test('a flood of dead letters stops the processor before anything of it is written', async () => {
  const strict = each({ name: 'strict', from: lines, to: loud }, (message) => [
    reject(message, 'field "text" has the wrong colour'),
  ])
  await say(...Array.from({ length: 20 }, (_, i) => ['ann', `${i}`] as const))
  const processor = await start([strict], { flood: { maxShare: 0.5, windowMs: 60_000, minimum: 10 } })
  await expect(processor.done).rejects.toThrow(
    '20 of the last 20 messages were refused, the last one because: field "text" has the wrong colour',
  )
  expect(processor.meter.health('p-1')).toMatchObject({ state: 'failed' })
  expect(await read(deadletters)).toEqual([])
  expect((await connectors.log.groups())[0]?.committed.every(({ offset }) => offset === 0) ?? true).toBe(true)
})

test('records known to be deadly are refused unseen, and with a mark records come one at a time', async () => {
  const seen: string[] = []
  await say(['ann', 'a'], ['ann', 'b'], ['ann', 'c'])
  const partition = partitionOf('ann', partitions)
  await start([shout], { deadly: [`lines/${partition}/1`], onRecord: (id) => seen.push(id) })
  await eventually(async () => expect(await read(loud)).toEqual([{ text: 'A' }, { text: 'C' }]))
  expect(seen).toEqual([0, 1, 2].map((offset) => `lines/${partition}/${offset}`))
  expect(await read(deadletters)).toMatchObject([{ code: 'POISON', offset: 1 }])
})

test('a processor that is stopped in the middle of a retry gives its claim back whole', async () => {
  const hopeless = batch({ name: 'hopeless', from: lines, to: loud }, () => {
    throw new ConnectorError('UNAVAILABLE', 'away')
  })
  await say(['ann', 'a'])
  const processor = await start([hopeless], { backoff: { firstMs: 60_000, maxMs: 60_000 } })
  await eventually(() => expect(processor.meter.health('p-1').state).toBe('retrying'))
  await processor.stop()
  await start([shout])
  await eventually(async () => expect(await read(loud)).toEqual([{ text: 'A' }]))
})

test('a commit that fails after the state was saved is repeated from the same state', async () => {
  let failures = 3
  const { log } = connectors
  const faulty: Connectors = {
    ...connectors,
    log: {
      ...log,
      consume: (subscription) =>
        log.consume({
          ...subscription,
          onClaim: (claim) =>
            subscription.onClaim({
              batches: claim.batches,
              signal: claim.signal,
              record: (metadata) => claim.record(metadata),
              async commit(outputs, enlisted) {
                if (failures-- > 0) throw new ConnectorError('LOG_FULL', 'no room')
                await claim.commit(outputs, enlisted)
              },
            }),
        }),
    },
  }
  await start([shout, count], {}, faulty)
  await say(['ann', 'a'], ['ann', 'b'])
  await eventually(async () =>
    expect(await read(numbered)).toEqual([
      { text: 'A', n: 1 },
      { text: 'B', n: 2 },
    ]),
  )
})

test('two processors of a group share the partitions, and state follows them', async () => {
  const keys = ['ann', 'bob', 'cy', 'dee', 'eve', 'fay']
  const first = await start([shout, count])
  await say(...keys.map((key) => [key, `${key}1`] as const))
  await eventually(async () => expect(await read(numbered)).toHaveLength(6))
  const other = open()
  await start([shout, count], {}, other)
  await eventually(async () => expect((await connectors.log.groups())[0]?.members).toHaveLength(2))
  await say(...keys.map((key) => [key, `${key}2`] as const))
  await eventually(async () => expect(await read(numbered)).toHaveLength(12))
  await first.stop()
  await say(...keys.map((key) => [key, `${key}3`] as const))
  await eventually(async () => expect(await read(numbered)).toHaveLength(18))
  expect((await read(numbered)).every(({ text, n }) => text.endsWith(String(n)))).toBe(true)
  await Promise.all(running.splice(0).map((processor) => processor.stop()))
  await other.close()
})
