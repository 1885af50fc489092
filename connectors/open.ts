import { join } from 'node:path'
import type { Config } from '../config.ts'
import { kafkaOptions, redisOptions } from './configured.ts'
import { crashingLog, crashingStore } from './crash.ts'
import { type Environment, openEnvironment } from './embedded/environment.ts'
import { embeddedLog } from './log/embedded.ts'
import type { Log } from './log/log.ts'
import { confluentRegistry } from './registry/confluent.ts'
import { embeddedRegistry } from './registry/embedded.ts'
import type { Registry, ServedRegistry } from './registry/registry.ts'
import { embeddedStore } from './store/embedded.ts'
import type { RedisStore } from './store/redis.ts'
import type { Store } from './store/store.ts'

/** Log, store and registry as configured, open. */
export interface Opened {
  readonly log: Log
  readonly store: Store
  readonly registry: Registry
  /** The same, where it is Murmur's own, to be served to other programs. */
  readonly served: ServedRegistry | undefined
  /** The store, where it is on Redis: what its servers are like. */
  readonly redis: Pick<RedisStore, 'servers'> | undefined
  /** Creates the topics that are missing, with the configured partitions and retention. */
  createTopics(names: readonly string[]): Promise<void>
  /** Applies retention and expiry, where no server does; to be called now and then, by any process. */
  maintain(now: number): Promise<void>
  close(): Promise<void>
}

type ConnectorsConfig = Pick<Config, 'data' | 'guarantee' | 'log' | 'store' | 'registry'>

/** A driver of the configuration, open, and what it wants to have done now and then. */
interface Part<T> {
  readonly part: T
  readonly maintain?: (now: number) => Promise<unknown>
}

/**
 * Opens the drivers that the configuration names: the one place that knows which there are. The clients of servers
 * are loaded only where they are used, and connect at their first call.
 * @throws NEWER_FORMAT, UNAVAILABLE, MISCONFIGURED
 */
export async function openConnectors(config: ConnectorsConfig): Promise<Opened> {
  const { partitions, retention: retentionMs, retentionBytes, maxBytes } = config.log
  const embedded = config.log.driver === 'embedded' || config.store.driver === 'embedded'
  const environment = embedded ? openEnvironment(config.data, { maxBytes }) : undefined
  const open: { close(): Promise<void> }[] = environment ? [environment] : []
  const close = async () => {
    for (const part of open.splice(0).reverse()) await part.close()
  }
  try {
    const { part: log, maintain: retain } = await openLog(config, environment)
    open.push(log)
    const { part: store, maintain: expire, redis } = await openStore(config, environment)
    open.push(store)
    const served =
      config.registry.driver === 'embedded'
        ? embeddedRegistry({ folder: join(config.data, 'registry') })
        : undefined
    const registry = served ?? confluentRegistry(config.registry)
    open.push(registry)
    return {
      log: crashingLog(log),
      store: crashingStore(store),
      registry,
      served,
      redis,
      createTopics: (names) =>
        log.createTopics(names.map((name) => ({ name, partitions, retentionMs, retentionBytes }))),
      async maintain(now) {
        await retain?.(now)
        await expire?.(now)
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function openLog(config: ConnectorsConfig, environment: Environment | undefined): Promise<Part<Log>> {
  if (config.log.driver === 'kafka') {
    const { kafkaLog } = await import('./log/kafka.ts')
    return { part: kafkaLog(kafkaOptions(config)) }
  }
  const log = embeddedLog(environment as Environment, { leaseMs: config.log.lease })
  return { part: log, maintain: log.retain }
}

async function openStore(
  config: ConnectorsConfig,
  environment: Environment | undefined,
): Promise<Part<Store> & { readonly redis?: RedisStore }> {
  if (config.store.driver === 'redis') {
    const { redisStore } = await import('./store/redis.ts')
    const redis = redisStore(redisOptions(config))
    return { part: redis, redis }
  }
  const log = config.log.driver === 'embedded' ? 'beside' : 'elsewhere'
  const store = embeddedStore(environment as Environment, { log })
  return { part: store, maintain: store.expire }
}
