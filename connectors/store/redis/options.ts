import type { ConnectionOptions } from 'node:tls'
import type { ClusterOptions, CommonRedisOptions, RedisOptions } from 'ioredis'

/** Where Redis is, and how to use it. */
export type RedisStoreOptions = (SingleRedis | SentinelRedis | ClusterRedis) & RedisSettings

/** One server. */
export interface SingleRedis {
  readonly mode?: 'single'
  /** `redis://user:password@host:port/db`, `rediss:` for TLS; counts more than what stands beside it. */
  readonly url?: string
  /** Default: 127.0.0.1. */
  readonly host?: string
  /** Default: 6379. */
  readonly port?: number
  /** Default: 0. */
  readonly db?: number
}

/** A master and its replicas, watched by Sentinels, which say who the master is. */
export interface SentinelRedis {
  readonly mode: 'sentinel'
  /** `host:port` of some of them. Default port: 26379. */
  readonly sentinels: readonly string[]
  /** What they call the master. */
  readonly name: string
  readonly sentinelUsername?: string
  readonly sentinelPassword?: string
  /** Default: 0. */
  readonly db?: number
}

/** A Redis Cluster. */
export interface ClusterRedis {
  readonly mode: 'cluster'
  /** `host:port` of some of them. Default port: 6379. */
  readonly nodes: readonly string[]
}

interface RedisSettings {
  readonly username?: string
  readonly password?: string
  /** Speaks TLS, Sentinels included. Default: no, but for `rediss:`. */
  readonly tls?: boolean | ConnectionOptions
  /** Begins every key. Default: `murmur`. */
  readonly keyPrefix?: string
  /**
   * How many replicas must have a save, or a claim, before it counts. With none, a fail-over loses what the
   * replica had not yet got. Default: 0 for a single server, else 1.
   */
  readonly replicas?: number
  /** Larger batches go as several requests. One entry is never split, whatever its size. Default: 4 MiB. */
  readonly maxPipelineBytes?: number
  /** Milliseconds for a connection to be made. Default: 5000. */
  readonly connectTimeoutMs?: number
  /** Milliseconds for a request, the wait for a connection and for the replicas included. Default: 10,000. */
  readonly timeoutMs?: number
}

export const defaults = {
  keyPrefix: 'murmur',
  maxPipelineBytes: 4 << 20,
  connectTimeoutMs: 5000,
  timeoutMs: 10_000,
}

/** Where it is, for people. Never with a password. */
export function addressOf(options: RedisStoreOptions): string {
  switch (options.mode) {
    case 'sentinel':
      return `Redis master "${options.name}" of sentinels ${options.sentinels.join(', ')}`
    case 'cluster':
      return `Redis Cluster ${options.nodes.join(', ')}`
    default:
      return `Redis ${options.url ? new URL(options.url).host : `${options.host ?? '127.0.0.1'}:${options.port ?? 6379}`}`
  }
}

/** What holds for every connection: nothing is queued or sent again behind our back, and the dead are noticed. */
function connection(options: RedisStoreOptions) {
  const { username, password, tls, timeoutMs = defaults.timeoutMs } = options
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: tls === true ? {} : tls } : {}),
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: options.connectTimeoutMs ?? defaults.connectTimeoutMs,
    socketTimeout: timeoutMs,
    // A master that became a replica: look for the new one
    reconnectOnError: (error: Error) => error.message.includes('READONLY'),
  } satisfies CommonRedisOptions & { tls?: ConnectionOptions }
}

const reconnect = (attempt: number): number => Math.min(50 * 2 ** attempt, 1000)

/** ioredis' options for a single server, or for one that Sentinels name. */
export function redisOptions(
  options: (SingleRedis | SentinelRedis) & RedisSettings,
): Omit<RedisOptions, 'replyMapping'> {
  const common = connection(options)
  const place =
    options.mode === 'sentinel'
      ? {
          name: options.name,
          sentinels: options.sentinels.map((address) => hostAndPort(address, 26_379)),
          sentinelCommandTimeout: common.connectTimeout,
          ...(options.sentinelUsername === undefined ? {} : { sentinelUsername: options.sentinelUsername }),
          ...(options.sentinelPassword === undefined ? {} : { sentinelPassword: options.sentinelPassword }),
          ...(common.tls ? { enableTLSForSentinelMode: true, sentinelTLS: common.tls } : {}),
        }
      : options.url === undefined
        ? { host: options.host ?? '127.0.0.1', port: options.port ?? 6379 }
        : {}
  return {
    ...common,
    ...place,
    ...(options.db === undefined ? {} : { db: options.db }),
    lazyConnect: true,
    enableOfflineQueue: false,
    retryStrategy: reconnect,
  }
}

/** ioredis' nodes and options for a cluster. */
export function clusterOptions(
  options: ClusterRedis & RedisSettings,
): [{ host: string; port: number }[], Omit<ClusterOptions, 'redisOptions'> & { redisOptions: object }] {
  return [
    options.nodes.map((address) => hostAndPort(address, 6379)),
    {
      redisOptions: connection(options),
      lazyConnect: true,
      clusterRetryStrategy: reconnect,
      // A connection may have found out about a fail-over by itself; the others learn of it here
      slotsRefreshInterval: 5000,
      slotsRefreshTimeout: options.connectTimeoutMs ?? defaults.connectTimeoutMs,
    },
  ]
}

function hostAndPort(address: string, defaultPort: number): { host: string; port: number } {
  const { hostname, port } = new URL(`redis://${address}`)
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? defaultPort : Number(port) }
}
