import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry as MetricsRegistry } from 'prom-client'
import { openEnvironment } from '../connectors/embedded/environment.ts'
import { ConnectorError } from '../connectors/errors.ts'
import { embeddedLog } from '../connectors/log/embedded.ts'
import type { Log } from '../connectors/log/log.ts'
import { partitionOf } from '../connectors/log/partition.ts'
import { RecordsBuilder, valueEnd, valueStart } from '../connectors/log/records.ts'
import type { Registry } from '../connectors/registry/registry.ts'
import type { AvroSchema } from '../schemas/codec.ts'
import type { Reply, Utterance } from '../schemas/generated/events.ts'
import { replies, utterances } from '../schemas/topics.ts'
import { encodeFramed, headerBytes } from '../schemas/wire.ts'
import { createApp } from './app.ts'
import { defaultLimits, type Gateway, type GatewayOptions, openGateway } from './gateway.ts'

export const partitions = 4
const replySchemaId = 7

/** A gateway over a real embedded log in a folder of its own, for tests. */
export interface Fixture {
  readonly gateway: Gateway
  readonly log: Log
  request(path: string, init?: RequestInit): Promise<Response>
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>
  /** What the topic utterances holds, in order of partition and offset. */
  utterances(): Promise<Utterance[]>
  /** Appends replies, as the pipeline would. */
  reply(...given: readonly Partial<Reply>[]): Promise<void>
  /** Answers each utterance with "you said: …" until the fixture closes. */
  answerEverything(): Promise<void>
  close(): Promise<void>
}

export async function openFixture(options: Partial<GatewayOptions> = {}): Promise<Fixture> {
  const folder = await mkdtemp(join(tmpdir(), 'murmur-gateway-'))
  const environment = openEnvironment(folder)
  const log = options.log ?? embeddedLog(environment)
  const retention = { partitions, retentionMs: 3_600_000, retentionBytes: 1 << 30 }
  await log.createTopics([utterances, replies].map(({ name }) => ({ name, ...retention })))
  const gateway = await openGateway({
    log,
    registry: memoryRegistry(),
    olap: undefined,
    health: () => ({ ready: true, startedAt: 0, processors: [] }),
    metrics: new MetricsRegistry(),
    now: Date.now,
    limits: defaultLimits,
    ...options,
  })
  const app = createApp(gateway)
  const producer = await log.producer('fixture')
  const closing: (() => Promise<void>)[] = []
  const reply = async (...given: readonly Partial<Reply>[]): Promise<void> => {
    const builders = new Map<number, RecordsBuilder>()
    for (const one of given) {
      const value = { ...blank, ...one }
      const partition = partitionOf(value.conversation, partitions)
      const builder = builders.get(partition) ?? new RecordsBuilder(replies.name, partition)
      builders.set(partition, builder)
      builder.addEncoded(value.conversation, value.createdAt, (data, position) =>
        encodeFramed(replies.codec, replySchemaId, value, data, position),
      )
    }
    await producer.append([...builders.values()].map((builder) => builder.take()))
  }
  return {
    gateway,
    log,
    reply,
    request: async (path, init) => app.request(path, init),
    post: async (path, body, headers = {}) =>
      app.request(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    utterances: () => readUtterances(log),
    async answerEverything() {
      const consumer = await log.consume({
        group: 'answers',
        topics: [utterances.name],
        from: 'earliest',
        maxRecords: 1000,
        maxBytes: 1 << 20,
        minRecords: 0,
        lingerMs: 0,
        onAssigned: async () => {},
        onRevoked() {},
        async onClaim(claim) {
          const said = claim.batches.flatMap(utterancesOf)
          await reply(...said.map(answerTo))
          await claim.commit([])
        },
      })
      closing.push(() => consumer.stop())
    },
    async close() {
      for (const stop of closing) await stop()
      await gateway.close()
      await producer.close()
      await log.close()
      await environment.close()
      await rm(folder, { recursive: true })
    },
  }
}

const blank: Reply = {
  id: 'r1',
  conversation: 'c1',
  user: null,
  channel: 'chat',
  inReplyTo: 'u1',
  text: 'hello',
  plugin: 'test',
  intent: 'greeting',
  confidence: 1,
  attributes: {},
  get createdAt() {
    return Date.now()
  },
}

const answerTo = ({ id, conversation, text }: Utterance): Partial<Reply> => ({
  id: `reply to ${id}`,
  conversation,
  inReplyTo: id,
  text: `you said: ${text}`,
})

type Batch = NonNullable<Awaited<ReturnType<Log['read']>>>

const utterancesOf = (records: Batch): Utterance[] =>
  Array.from({ length: records.count }, (_, index) =>
    utterances.codec.decode(records.data, valueStart(records, index) + headerBytes, valueEnd(records, index)),
  )

async function readUtterances(log: Log): Promise<Utterance[]> {
  const found: Utterance[] = []
  const topic = (await log.topics()).find(({ name }) => name === utterances.name)
  for (const [partition, { latest }] of topic?.offsets.entries() ?? []) {
    for (let offset = 0; offset < latest; ) {
      const records = await log.read(utterances.name, partition, offset, 1 << 20)
      if (!records) break
      found.push(...utterancesOf(records))
      offset += records.count
    }
  }
  return found
}

/** Knows the schema of replies under `replySchemaId`, and gives new ids to others. */
function memoryRegistry(): Registry {
  const schemas = new Map<number, AvroSchema>([[replySchemaId, replies.codec.schema]])
  return {
    async register(_subject, schema) {
      const id = 100 + schemas.size
      schemas.set(id, schema)
      return id
    },
    async schema(id) {
      const schema = schemas.get(id)
      if (schema === undefined) throw new ConnectorError('UNKNOWN_SCHEMA', `no schema has the id ${id}`)
      return schema
    },
    async close() {},
  }
}
