import { setTimeout as sleep } from 'node:timers/promises'
import { type ClickHouseServer, startClickHouse } from '../../servers/clickhouse.ts'
import { type KafkaServer, startKafka } from '../../servers/kafka.ts'
import { type RedisServer, startRedis } from '../../servers/redis.ts'
import { redisCli } from '../../servers/redis-cli.ts'
import { masterName } from '../../servers/redis-kinds.ts'
import type { Servers } from '../../servers/server.ts'

export type Outage = 'broker' | 'redis' | 'clickhouse'

/** The real servers that the product runs on, to be hurt. */
export interface RealServers {
  /** What murmur.yaml says to use them. */
  readonly config: string
  readonly brokers: readonly string[]
  /** Of each topic. */
  readonly partitions: number
  /** SIGKILL, and a start after so many milliseconds. Of Redis with sentinels it is the master that dies. */
  away(which: Outage, ms: number): Promise<void>
  stop(): Promise<void>
}

export interface ServerSettings {
  /** `sentinel`: a master and a replica, which takes over. */
  readonly redis: 'single' | 'sentinel'
  readonly brokers: number
  readonly sessionTimeoutMs: number
}

const partitions = 4

/** @throws Error with the remedy where a server is missing */
export async function startServers(settings: ServerSettings): Promise<RealServers> {
  const started = await Promise.allSettled([
    startKafka({ brokers: settings.brokers }),
    startRedis({ kind: settings.redis }),
    startClickHouse(),
  ])
  const running = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value as Servers] : []))
  const stop = async () => {
    await Promise.all(running.map((one) => one.stop()))
  }
  const [kafka, redis, clickhouse] = started
  if (kafka.status === 'rejected' || redis.status === 'rejected' || clickhouse.status === 'rejected') {
    await stop()
    throw started.find((one) => one.status === 'rejected')?.reason
  }
  let turn = 0
  const victims: Record<Outage, () => Promise<readonly [Servers, number]>> = {
    broker: async () => [kafka.value, turn++ % settings.brokers],
    redis: async () => [redis.value, await masterOf(redis.value)],
    clickhouse: async () => [clickhouse.value, 0],
  }
  return {
    config: configOf(settings, kafka.value, redis.value, clickhouse.value),
    brokers: kafka.value.brokers,
    partitions,
    async away(which, ms) {
      const [server, index] = await victims[which]()
      await server.kill(index)
      await sleep(ms)
      await server.restart(index)
    },
    stop,
  }
}

/** The place of the node that takes writes. */
async function masterOf({ nodes, sentinels }: RedisServer): Promise<number> {
  const [sentinel] = sentinels
  if (sentinel === undefined) return 0
  const port = Number(sentinel.split(':')[1])
  const answer = await redisCli()(port, 'sentinel', 'get-master-addr-by-name', masterName)
  return nodes.indexOf(answer.trim().split('\n').join(':'))
}

/** Small batches, so that there is always one in hand when a kill comes. */
const configOf = (
  { redis: kind, brokers, sessionTimeoutMs }: ServerSettings,
  kafka: KafkaServer,
  redis: RedisServer,
  clickhouse: ClickHouseServer,
): string => `
log:
  driver: kafka
  partitions: ${partitions}
  kafka:
    brokers: [${kafka.brokers}]
    replicationFactor: ${brokers}
    sessionTimeout: ${sessionTimeoutMs}ms
store:
  driver: redis
  redis: ${kind === 'single' ? `{ url: 'redis://${redis.nodes}' }` : `{ mode: sentinel, sentinels: [${redis.sentinels}], sentinelName: ${masterName} }`}
olap: { driver: clickhouse, url: '${clickhouse.url}' }
language: { tier: linear }
processors:
  conversation: { stages: [cleaning, intent, context, plugins], maxRecords: 32 }
  sink: { stages: [sink], maxRecords: 400, linger: 20ms }
`
