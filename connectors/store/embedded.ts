import { createHash } from 'node:crypto'
import type { Environment } from '../embedded/environment.ts'
import { ConnectorError } from '../errors.ts'
import { checkPartitions } from './partitions.ts'
import type { Entry, Fence, Scope, Store } from './store.ts'
import { expiryOf, lifetimeOf, newestBelow, noVersion, versionsBytes, writeVersions } from './versions.ts'

export interface EmbeddedStoreOptions {
  /**
   * Where the log lives. `beside`: in the same environment, so `save` hands back the writes for the log's
   * transaction. `elsewhere` (Kafka): `save` writes at once. Default: `beside`.
   */
  readonly log?: 'beside' | 'elsewhere'
}

export interface EmbeddedStore extends Store {
  /**
   * Removes what has expired, some hundred keys at a time; call it now and then.
   * @param now milliseconds since the epoch
   * @returns the keys removed
   */
  expire(now: number): Promise<number>
}

/** What the store knows of a scope. `id` stands before all keys of the scope, so that they lie together. */
interface ScopeRecord {
  readonly id: number
  readonly token: number
}

const keysPerSlice = 500
const scopeBytes = 4
/** LMDB's keys end at 1978 bytes. */
const longestKey = 1000

/** The store on LMDB, for all processes of one machine that open the same folder. */
export function embeddedStore(
  environment: Environment,
  { log = 'beside' }: EmbeddedStoreOptions = {},
): EmbeddedStore {
  const { meta, state } = environment
  const scopeKey = ({ group, topic, partition }: Scope) => ['scope', group, topic, partition]
  const recordOf = (scope: Scope) => meta.get(scopeKey(scope)) as ScopeRecord | undefined

  /** @throws FENCED */
  function check(fence: Fence): number {
    const record = recordOf(fence)
    if (record?.token === fence.token) return record.id
    throw new ConnectorError(
      'FENCED',
      `another owner has taken over the state of ${fence.topic}/${fence.partition} in group "${fence.group}"`,
    )
  }

  function write(fence: Fence, entries: readonly Entry[]): void {
    const scope = check(fence)
    const now = Date.now()
    for (const entry of entries) {
      const value = Buffer.allocUnsafe(versionsBytes(entry))
      writeVersions(value, 0, entry, now + lifetimeOf(entry))
      state.putSync(stateKey(scope, entry.key), value)
    }
  }

  return {
    async claim({ group, topic, partition }, partitions) {
      const scope = { group, topic, partition }
      const partitionsKey = ['partitions', group, topic]
      return environment.transaction(() => {
        const recorded = meta.get(partitionsKey) as number | undefined
        checkPartitions(scope, recorded ?? partitions, partitions)
        if (recorded === undefined) meta.putSync(partitionsKey, partitions)
        const former = recordOf(scope)
        const lastScope = (meta.get(['scopes']) as number | undefined) ?? 0
        const record = { id: former?.id ?? lastScope + 1, token: (former?.token ?? 0) + 1 }
        if (!former) meta.putSync(['scopes'], record.id)
        meta.putSync(scopeKey(scope), record)
        return { ...scope, token: record.token }
      })
    },
    async load(fence, committed, keys) {
      environment.refresh()
      const scope = check(fence)
      return keys.map((key) => {
        const value = state.getBinary(stateKey(scope, key))
        return value ? newestBelow(value, committed) : noVersion
      })
    },
    async save(fence, entries) {
      environment.refresh()
      check(fence)
      const writes = () => write(fence, entries)
      if (log === 'beside') return writes
      environment.transaction(writes)
      return undefined
    },
    async expire(now) {
      let removed = 0
      for (let from: Buffer | undefined = Buffer.alloc(scopeBytes); from; ) {
        const start: Buffer = from
        const slice = environment.transaction(() => expireSlice(environment, start, now))
        removed += slice.removed
        from = slice.next
        await new Promise(setImmediate)
      }
      return removed
    },
    async close() {},
  }
}

/** The scope, then the key; for a key too long for LMDB, a byte that no UTF-8 has and the key's SHA-256. */
function stateKey(scope: number, key: string): Buffer {
  const bytes = Buffer.byteLength(key)
  if (bytes > longestKey) {
    const hashed = Buffer.concat([
      Buffer.alloc(scopeBytes),
      Buffer.of(0xff),
      createHash('sha256').update(key).digest(),
    ])
    hashed.writeUInt32BE(scope)
    return hashed
  }
  const buffer = Buffer.allocUnsafe(scopeBytes + bytes)
  buffer.writeUInt32BE(scope)
  buffer.write(key, scopeBytes)
  return buffer
}

function expireSlice(
  { state }: Environment,
  start: Buffer,
  now: number,
): { removed: number; next: Buffer | undefined } {
  const expired: Buffer[] = []
  let next: Buffer | undefined
  let seen = 0
  for (const key of state.getKeys({ start, limit: keysPerSlice + 1 })) {
    next = key
    if (++seen > keysPerSlice) break
    if (expiryOf(state.getBinary(key) as Buffer) <= now) expired.push(key)
  }
  for (const key of expired) state.removeSync(key)
  return { removed: expired.length, next: seen > keysPerSlice ? next : undefined }
}
