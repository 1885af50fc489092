import { join } from 'node:path'
import type { Config } from '../config.ts'
import { openEnvironment } from './embedded/environment.ts'
import { embeddedLog } from './log/embedded.ts'
import type { Log } from './log/log.ts'
import { confluentRegistry } from './registry/confluent.ts'
import { embeddedRegistry } from './registry/embedded.ts'
import type { Registry, ServedRegistry } from './registry/registry.ts'
import { embeddedStore } from './store/embedded.ts'
import type { Store } from './store/store.ts'

/** Log, store and registry as configured, open. */
export interface Opened {
  readonly log: Log
  readonly store: Store
  readonly registry: Registry
  /** The same, where it is Murmur's own, to be served to other programs. */
  readonly served: ServedRegistry | undefined
  /** Creates the topics that are missing, with the configured partitions and retention. */
  createTopics(names: readonly string[]): Promise<void>
  /** Runs `work` while no other process of the machine runs any on the same data folder. It must be short. */
  exclusively<T>(work: () => T): T
  /** Applies retention and expiry; to be called now and then, by one process. */
  maintain(now: number): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the drivers that the configuration names: the one place that knows which there are.
 * @throws NEWER_FORMAT, UNAVAILABLE
 */
export function openConnectors(config: Pick<Config, 'data' | 'log' | 'registry'>): Opened {
  const { partitions, retention, retentionBytes, maxBytes, lease } = config.log
  const environment = openEnvironment(config.data, { maxBytes })
  const log = embeddedLog(environment, { leaseMs: lease })
  const store = embeddedStore(environment)
  const served =
    config.registry.driver === 'embedded'
      ? embeddedRegistry({ folder: join(config.data, 'registry') })
      : undefined
  const registry = served ?? confluentRegistry(config.registry)
  return {
    log,
    store,
    registry,
    served,
    createTopics: (names) =>
      log.createTopics(names.map((name) => ({ name, partitions, retentionMs: retention, retentionBytes }))),
    exclusively: (work) => environment.transaction(work),
    async maintain(now) {
      await log.retain(now)
      await store.expire(now)
    },
    async close() {
      await registry.close()
      await store.close()
      await log.close()
      await environment.close()
    },
  }
}
