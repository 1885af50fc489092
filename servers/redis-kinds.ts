import { host } from './ports.ts'
import { type RedisCli, until } from './redis-cli.ts'

/** The servers of a deployment, nodes first, and what makes them one. */
interface RedisKind {
  readonly nodes: number
  readonly sentinels: number
  /** Lines of redis.conf for the node at that place. */
  settings(index: number, ports: readonly number[]): Record<string, string>
  /** Joins the nodes, once they run. */
  join(cli: RedisCli, ports: readonly number[]): Promise<void>
}

/** What sentinels call the master. */
export const masterName = 'murmur'

const single: RedisKind = { nodes: 1, sentinels: 0, settings: () => ({}), join: async () => {} }

/** The first 3 begin as masters, each with a replica among the others. A master that is away for a second is replaced. */
const cluster: RedisKind = {
  nodes: 6,
  sentinels: 0,
  settings: () => ({ 'cluster-enabled': 'yes', 'cluster-node-timeout': '1000', ...eager }),
  async join(cli, ports) {
    const addresses = ports.map((port) => `${host}:${port}`)
    const [first = 0] = ports
    await cli(first, '--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes')
    await until(cli, ports, ['cluster', 'info'], /cluster_state:ok/)
    await until(cli, ports, ['info', 'replication'], inStep)
  },
}

const sentinel: RedisKind = {
  nodes: 2,
  sentinels: 3,
  settings: (index, [master]) => ({ ...eager, ...(index > 0 ? { replicaof: `${host} ${master}` } : {}) }),
  join: (cli, ports) => until(cli, ports, ['info', 'replication'], inStep),
}

export const redisKinds = { single, cluster, sentinel }

/** A master with a replica, or a replica that has all of its master's data. */
const inStep = /connected_slaves:[1-9]|master_link_status:up/

const eager = { 'repl-diskless-sync-delay': '0' }

/** Lines of sentinel.conf; a master that is away for a second is replaced. */
export const sentinelSettings = ([master]: readonly number[], password?: string): string[] => [
  `sentinel monitor ${masterName} ${host} ${master} 2`,
  `sentinel down-after-milliseconds ${masterName} 1000`,
  `sentinel failover-timeout ${masterName} 5000`,
  ...(password === undefined ? [] : [`sentinel auth-pass ${masterName} ${password}`]),
]

/** Waits until the sentinels know each other and the replica: then they can replace the master. */
export const watching = (cli: RedisCli, sentinels: readonly number[]): Promise<void> =>
  until(cli, sentinels, ['sentinel', 'master', masterName], /num-slaves\n1\n(.*\n)*num-other-sentinels\n2\n/)
