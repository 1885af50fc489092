import { setTimeout as sleep } from 'node:timers/promises'
import { kafkaLog } from '../connectors/log/kafka.ts'
import type { Log } from '../connectors/log/log.ts'
import { keyAt, type Records, RecordsBuilder, valueAt } from '../connectors/log/records.ts'
import { startClickHouse } from '../servers/clickhouse.ts'
import { startKafka } from '../servers/kafka.ts'
import { startRedis } from '../servers/redis.ts'
import { quantiles, times } from './delays.ts'
import type { Figure } from './machine.ts'
import { fullSpeed } from './pipeline.ts'
import { linearAlone } from './running.ts'

const partitions = 8
const hop = { rate: 500, warmUp: 3, seconds: 15 }
const forever = { retentionMs: Number.POSITIVE_INFINITY, retentionBytes: Number.POSITIVE_INFINITY }

export const about = `On a Kafka broker, a Redis and what stands for a ClickHouse server (the same engine behind HTTP), all on this
machine, with ${partitions} partitions and exactly once. \`posts\` is the whole product, as in the suite \`pipeline\`; the servers' own
CPU time comes on top. \`one hop\` is a record of 200 bytes from one topic to another, through a producer's transaction, a
consumer group and its transaction, until a reader of committed records has it: ${hop.rate}/s for ${hop.seconds} s.`

export async function run(): Promise<readonly Figure[]> {
  const [kafka, redis, clickhouse] = await Promise.all([
    startKafka({ java: ['-Xmx1g'] }),
    startRedis(),
    startClickHouse(),
  ])
  try {
    return [
      ...(await fullSpeed('posts', 1_000_000, 15_000, configFor(kafka, redis, clickhouse))),
      ...(await oneHop(kafka.brokers)),
    ]
  } finally {
    await Promise.all([kafka.stop(), redis.stop(), clickhouse.stop()])
  }
}

const configFor = (
  { brokers }: { readonly brokers: readonly string[] },
  { nodes }: { readonly nodes: readonly string[] },
  { url }: { readonly url: string },
): string => `
log: { driver: kafka, partitions: ${partitions}, kafka: { brokers: [${brokers.map((one) => `"${one}"`)}] } }
store: { driver: redis, redis: { url: "redis://${nodes[0]}" } }
olap: { driver: clickhouse, url: "${url}" }
${linearAlone}`

async function oneHop(brokers: readonly string[]): Promise<Figure[]> {
  const log = kafkaLog({ brokers })
  await log.createTopics(['hop-in', 'hop-out'].map((name) => ({ name, partitions, ...forever })))
  const consumer = await log.consume({
    group: 'hop',
    topics: ['hop-in'],
    from: 'earliest',
    maxRecords: 4096,
    maxBytes: 16 << 20,
    minRecords: 1,
    lingerMs: 0,
    onAssigned: async () => {},
    onRevoked: () => {},
    onClaim: (claim) => claim.commit(claim.batches.map(copyOf)),
  })
  try {
    return times(
      `one hop at ${hop.rate}/s: from before the append to a reader`,
      quantiles(await hops(log)),
      50,
    )
  } finally {
    await consumer.stop()
    await log.close()
  }
}

function copyOf(records: Records): Records {
  const builder = new RecordsBuilder('hop-out', records.partition)
  for (let i = 0; i < records.count; i++)
    builder.add(keyAt(records, i), valueAt(records, i), records.timestamps[i] as number)
  return builder.take()
}

/** Sends on schedule, whatever comes back. @returns milliseconds each, without the warm-up's */
async function hops(log: Log): Promise<number[]> {
  const delays: number[] = []
  const reading = new AbortController()
  const from = new Array<number>(partitions).fill(0)
  const note = (records: Records) => {
    const now = performance.now()
    for (let i = 0; i < records.count; i++) delays.push(now - Number(valueAt(records, i).toString()))
  }
  const tailing = log.tail('hop-out', from, note, reading.signal)
  const producer = await log.producer('hop')
  const count = hop.rate * (hop.warmUp + hop.seconds)
  const started = performance.now()
  for (let sent = 0; sent < count; await sleep(1)) {
    const due = Math.min(count, Math.floor(((performance.now() - started) / 1000) * hop.rate))
    for (; sent < due; sent++) {
      const builder = new RecordsBuilder('hop-in', sent % partitions)
      builder.add(`key-${sent}`, Buffer.from(String(performance.now()).padEnd(200)), Date.now())
      producer.append([builder.take()]).catch((cause) => reading.abort(cause))
    }
  }
  while (delays.length < count && !reading.signal.aborted) await sleep(20)
  reading.abort()
  await tailing
  return delays.slice(hop.rate * hop.warmUp)
}
