import { randomInt } from 'node:crypto'
import { ConnectorError } from '../errors.ts'
import { checkPartitions } from './partitions.ts'
import { RedisConnection, type Request } from './redis/connection.ts'
import { checkFence, noSaves, type Saves } from './redis/fence.ts'
import { partitionsKey, scopeKeys } from './redis/keys.ts'
import { keyBytes, loadRequest } from './redis/loads.ts'
import { addressOf, defaults, type RedisStoreOptions } from './redis/options.ts'
import { parts } from './redis/parts.ts'
import { entryBytes, saveRequest } from './redis/saves.ts'
import { claimScript } from './redis/scripts.ts'
import { checkEviction, type RedisServerReport, reportOf } from './redis/servers.ts'
import type { Fence, Store, Version } from './store.ts'
import { newestBelow, noVersion } from './versions.ts'

export interface RedisStore extends Store {
  /** How the servers that keep state are set up; nothing where the user may not ask. */
  servers(): Promise<readonly RedisServerReport[]>
}

/**
 * The store on Redis: one server, one watched by Sentinels, or a Redis Cluster. One round trip a batch, and every
 * request checks the fence at the moment that it reads or writes.
 *
 * Beyond the contract: `claim` throws STORE_UNSAFE where Redis may evict state; `load` and `save` where saves that it
 * had acknowledged are gone. UNAVAILABLE and STORE_FULL may pass; after them a save may be there in part, or come
 * later, as the two versions allow. UNAUTHORIZED doesn't pass.
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  const {
    keyPrefix = defaults.keyPrefix,
    maxPipelineBytes = defaults.maxPipelineBytes,
    timeoutMs = defaults.timeoutMs,
    replicas = options.mode === undefined || options.mode === 'single' ? 0 : 1,
  } = options
  const connection = new RedisConnection(options)
  /** By the scope's fence. */
  const saves = new Map<string, Saves>()
  const wait: Request = { name: 'wait', args: [String(replicas), String(timeoutMs >> 1)] }

  const savesUnder = (fence: Fence, key: string): Saves => {
    const known = saves.get(key)
    return known?.token === fence.token ? known : noSaves(fence.token)
  }

  /** Sends requests that write, and waits until enough replicas have what they wrote. */
  async function write(doing: string, requests: readonly Request[]): Promise<unknown[]> {
    if (replicas === 0) return connection.exchange(doing, requests)
    const answers = await connection.exchange(doing, [...requests, wait])
    const reached = Number(answers.pop())
    if (reached >= replicas) return answers
    throw new ConnectorError(
      'UNAVAILABLE',
      `${addressOf(options)}: ${doing}: only ${reached} of ${replicas} replicas have it after ${timeoutMs >> 1} ms; bring replicas back, or lower store.redis.replicas and risk losing state in a fail-over`,
    )
  }

  const servers = async () => [...(await connection.info())].map(([address, info]) => reportOf(address, info))

  return {
    servers,
    async claim({ group, topic, partition }, partitions) {
      const scope = { group, topic, partition }
      const doing = `claiming ${topic}/${partition} for group "${group}"`
      for (const server of await servers()) checkEviction(server)
      const record = partitionsKey(keyPrefix, scope)
      const [, recorded] = await write(doing, [
        { name: 'set', args: [record, String(partitions), 'NX'] },
        { name: 'get', args: [record] },
      ])
      checkPartitions(scope, Number(recorded), partitions)
      const { fence } = scopeKeys(keyPrefix, scope)
      const args = [claimScript.sha, '1', fence, String(randomInt(2 ** 20))]
      const [token] = await write(doing, [{ name: 'evalsha', args, script: claimScript }])
      saves.set(fence, noSaves(Number(token)))
      return { ...scope, token: Number(token) }
    },
    async load(fence, committed, keys) {
      const at = scopeKeys(keyPrefix, fence)
      const versions: Version[] = []
      for (const part of parts(keys, maxPipelineBytes, (key) => keyBytes(at.prefix, key))) {
        const [answer] = await connection.exchange('loading state', [loadRequest(at, part)])
        const [stored, ...values] = answer as (Buffer | null)[]
        checkFence(stored, fence, savesUnder(fence, at.fence))
        for (const value of values) versions.push(value ? copied(newestBelow(value, committed)) : noVersion)
      }
      return versions
    },
    async save(fence, entries) {
      if (entries.length === 0) return undefined
      const at = scopeKeys(keyPrefix, fence)
      const own = savesUnder(fence, at.fence)
      own.sent++
      for (const part of parts(entries, maxPipelineBytes, (entry) => entryBytes(at.prefix, entry))) {
        const [answer] = await write('saving state', [saveRequest(at, fence, own, part)])
        if (answer === 1) continue
        own.sent = checkFence(answer, fence, own)
        saves.set(at.fence, own)
        throw new ConnectorError(
          'UNAVAILABLE',
          `${addressOf(options)}: a later save of the same owner came before this one; try again`,
        )
      }
      own.acknowledged = own.sent
      return undefined
    },
    close: () => connection.close(),
  }
}

/** The answer's buffer holds many keys' values: whoever keeps one must not keep them all. */
const copied = (version: Version): Version => ({
  ...version,
  value: version.value && Buffer.from(version.value),
})
