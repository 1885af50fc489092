// Runs the reference job until SIGTERM: on Kafka and Redis where BOOT and REDIS name them, otherwise on the log and the
// state of a data folder, which is thrown away unless DATA names one. IN, OUT and CNT name the topics, GROUP the
// consumer group, WORKER this process among those of the group: started again, it has its partitions back at once.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Environment, openEnvironment } from '../../connectors/embedded/environment.ts'
import { embeddedLog } from '../../connectors/log/embedded.ts'
import { kafkaLog } from '../../connectors/log/kafka.ts'
import { embeddedRegistry } from '../../connectors/registry/embedded.ts'
import { embeddedStore } from '../../connectors/store/embedded.ts'
import { redisStore } from '../../connectors/store/redis.ts'
import { deadletters } from '../../schemas/topics.ts'
import { startProcessor } from '../../streams/runtime/processor.ts'
import { referenceJob } from './job.ts'

const {
  BOOT,
  REDIS,
  DATA,
  IN = 'utterances',
  OUT = 'processed',
  CNT = 'counts',
  GROUP = 'reference',
  WORKER,
} = process.env
const folder = DATA ?? mkdtempSync(join(tmpdir(), 'murmur-reference-'))
let environment: Environment | undefined
const embedded = (): Environment => {
  environment ??= openEnvironment(folder)
  return environment
}
const instance = WORKER === undefined ? undefined : `${GROUP}-${WORKER}`
const log = BOOT ? kafkaLog({ brokers: BOOT.split(','), instance }) : embeddedLog(embedded())
const store = REDIS ? redisStore({ url: REDIS }) : embeddedStore(embedded())
// Only dead letters have a schema, and its id comes with this build
const registry = embeddedRegistry({ folder: join(folder, 'registry') })

const topics = [IN, OUT, CNT, deadletters.name]
const there = new Set((await log.topics()).map(({ name }) => name))
const retention = { retentionMs: 72 * 3_600_000, retentionBytes: 2 ** 31 }
await log.createTopics(
  topics.filter((name) => !there.has(name)).map((name) => ({ name, partitions: 8, ...retention })),
)
const running = await startProcessor(
  referenceJob('reference', { input: IN, output: OUT, counts: CNT }),
  { group: GROUP, maxRecords: 4096, cachedStates: 50_000 },
  { log, store, registry },
)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => running.stop())
try {
  await running.done
} finally {
  await registry.close()
  await store.close()
  await log.close()
  await environment?.close()
  if (DATA === undefined) rmSync(folder, { recursive: true })
}
