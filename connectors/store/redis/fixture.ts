import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { type RedisOptions, type RedisServer, startRedis } from '../../../servers/redis.ts'
import { masterName } from '../../../servers/redis-kinds.ts'
import { type RedisStore, redisStore } from '../redis.ts'
import type { Entry, Store } from '../store.ts'
import type { RedisStoreOptions } from './options.ts'

/** Servers for one test, ended with it. */
export async function redisFor(options?: RedisOptions): Promise<RedisServer> {
  const redis = await startRedis(options)
  onTestFinished(() => redis.stop())
  return redis
}

/** What a store is opened with to reach the servers. */
export function reach(redis: RedisServer, kind: RedisOptions['kind'] = 'single'): RedisStoreOptions {
  const tls = redis.certificate ? { tls: { ca: readFileSync(redis.certificate.certificate) } } : {}
  if (kind === 'cluster') return { mode: 'cluster', nodes: redis.nodes, ...tls }
  if (kind === 'sentinel') return { mode: 'sentinel', sentinels: redis.sentinels, name: masterName, ...tls }
  return { url: `${redis.certificate ? 'rediss' : 'redis'}://${redis.nodes[0]}`, ...tls }
}

/** A store for one test, closed with it. */
export function storeFor(options: RedisStoreOptions): RedisStore {
  const store = redisStore(options)
  onTestFinished(() => store.close())
  return store
}

/** An operator's client of one node. */
export function operator(redis: RedisServer, node = 0): Redis {
  const [host, port] = (redis.nodes[node] as string).split(':') as [string, string]
  const client = new Redis({ host, port: Number(port) })
  client.on('error', () => {})
  onTestFinished(() => client.disconnect())
  return client
}

export const scope = { group: 'conversation', topic: 'utterances', partition: 0 }

/** The state of a key as it is after the record at `offset`, and as it was before. */
export const entry = (key: string, offset: number, expireAfterMs?: number): Entry => ({
  key,
  next: { offset, value: Buffer.from(`${key} at ${offset}`) },
  previous: { offset: offset - 1, value: Buffer.from(`${key} at ${offset - 1}`) },
  expireAfterMs,
})

/** What the store has of the keys, where `committed` is the group's offset. */
export async function textsOf(
  store: Store,
  fence: Parameters<Store['load']>[0],
  keys: readonly string[],
  committed = Number.MAX_SAFE_INTEGER,
): Promise<(string | undefined)[]> {
  const versions = await store.load(fence, committed, keys)
  return versions.map(({ value }) => value && Buffer.from(value).toString())
}
