import { ConnectorError } from '../../errors.ts'

/** What there is to know about a server that keeps state. */
export interface RedisServerReport {
  readonly address: string
  readonly version: string
  /** What Redis does when it is full; only with `noeviction` does it keep what it has. */
  readonly evictionPolicy: string
  readonly usedBytes: number
  /** 0: no limit. */
  readonly maxBytes: number
  /** Whether every write goes to its file. */
  readonly appendOnly: boolean
  /** That follow it now. */
  readonly replicas: number
}

/** @param info what INFO says */
export function reportOf(address: string, info: string): RedisServerReport {
  const fields = new Map(info.split('\r\n').map((line) => line.split(':', 2) as [string, string]))
  const of = (name: string) => fields.get(name) ?? ''
  return {
    address,
    version: of('redis_version'),
    evictionPolicy: of('maxmemory_policy'),
    usedBytes: Number(of('used_memory')),
    maxBytes: Number(of('maxmemory')),
    appendOnly: of('aof_enabled') === '1',
    replicas: Number(of('connected_slaves')),
  }
}

/** @throws STORE_UNSAFE where the server may drop state by itself */
export function checkEviction({ address, evictionPolicy }: RedisServerReport): void {
  if (evictionPolicy === 'noeviction' || evictionPolicy === '') return
  throw new ConnectorError(
    'STORE_UNSAFE',
    `${address} has maxmemory-policy ${evictionPolicy}: when it is full it drops state without a word, and contexts go wrong; set "maxmemory-policy noeviction" in redis.conf (or CONFIG SET), and give the state a Redis of its own if the present one is a cache`,
  )
}
