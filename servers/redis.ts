import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Certificate, certificateIn } from './certificate.ts'
import { freePorts, host } from './ports.ts'
import { startProcess } from './process.ts'
import { missing } from './programs.ts'
import { redisCli } from './redis-cli.ts'
import { redisKinds, sentinelSettings, watching } from './redis-kinds.ts'
import { homeOf, type Servers, servers } from './server.ts'

export interface RedisOptions {
  /** One server; 3 masters with a replica each; or a master with a replica, watched by 3 sentinels. */
  readonly kind?: keyof typeof redisKinds
  /** Lines of redis.conf for every node, over those of a quick test. */
  readonly config?: Readonly<Record<string, string>>
  /** Whether all of them speak TLS, and nothing else. */
  readonly tls?: boolean
  /** Of a single server: keeps the data for a later start. A temporary one unless told. */
  readonly folder?: string
  /** Of the first server; one that is free unless told. */
  readonly port?: number
}

/** Real servers on this machine. Places, for `kill` and the others, count the nodes first, then the sentinels. */
export interface RedisServer extends Servers {
  /** host:port of each that holds data, also while it is down. Of a pair with sentinels, the master is first. */
  readonly nodes: readonly string[]
  /** host:port of each; none unless the kind is "sentinel". They call the master `masterName`. */
  readonly sentinels: readonly string[]
  /** To trust, where they speak TLS. */
  readonly certificate?: Certificate
}

/** How to get what a Redis needs; undefined if it is there. */
export const redisMissing = (): string | undefined =>
  missing('Redis', { 'redis-server': 'redis-server', 'redis-cli': 'redis-tools', openssl: 'openssl' })

/**
 * Starts Redis. It serves, with its replicas in step, when this resolves: a single one at once, the others in seconds.
 * @throws Error with the remedy if something is missing, with the end of the log if a server doesn't start
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const remedy = redisMissing()
  if (remedy) throw new Error(remedy)
  const kind = redisKinds[options.kind ?? 'single']
  const ports = await freePorts(kind.nodes + kind.sentinels, options.port)
  const home = homeOf('redis', options.folder)
  const certificate = options.tls ? await certificateIn(home.folder) : undefined
  const [nodes, sentinels] = [ports.slice(0, kind.nodes), ports.slice(kind.nodes)]
  const password = options.config?.requirepass
  const isNode = (index: number) => index < kind.nodes
  const folder = (index: number) => join(home.folder, `${isNode(index) ? 'node' : 'sentinel'}-${index + 1}`)
  for (const [index, port] of ports.entries()) {
    const settings = isNode(index)
      ? lines({ ...durable, ...kind.settings(index, nodes), ...masterPassword(password), ...options.config })
      : sentinelSettings(nodes, password)
    mkdirSync(folder(index), { recursive: true })
    const file = [...lines(listening(port, folder(index), certificate)), ...settings]
    writeFileSync(join(folder(index), 'redis.conf'), file.join('\n'))
  }
  const each = servers(home, (index) => {
    const args = [join(folder(index), 'redis.conf'), ...(isNode(index) ? [] : ['--sentinel'])]
    const ready = isNode(index) ? 'Ready to accept connections' : 'Sentinel ID is'
    return startProcess('redis-server', args, join(folder(index), 'log'), ready)
  })
  const places = [...ports.keys()]
  try {
    await Promise.all(places.filter(isNode).map(each.restart))
    await kind.join(redisCli(certificate, password), nodes)
    await Promise.all(places.filter((index) => !isNode(index)).map(each.restart))
    await watching(redisCli(certificate), sentinels)
  } catch (cause) {
    await each.stop()
    throw cause
  }
  const address = (port: number) => `${host}:${port}`
  return {
    ...each,
    ...(certificate ? { certificate } : {}),
    nodes: nodes.map(address),
    sentinels: sentinels.map(address),
  }
}

const masterPassword = (password: string | undefined) => (password ? { masterauth: password } : {})

/** What is answered is in the file, so that it outlives a SIGKILL; the disk may wait, as no test cuts the power. */
const durable = { appendonly: 'yes', appendfsync: 'no', save: '""' }

const listening = (port: number, dir: string, tls?: Certificate): Record<string, string> => ({
  bind: host,
  dir: JSON.stringify(dir),
  ...(tls
    ? {
        port: '0',
        'tls-port': String(port),
        'tls-cert-file': tls.certificate,
        'tls-key-file': tls.key,
        'tls-ca-cert-file': tls.certificate,
        'tls-auth-clients': 'no',
        'tls-replication': 'yes',
        'tls-cluster': 'yes',
      }
    : { port: String(port) }),
})

const lines = (settings: Readonly<Record<string, string>>): string[] =>
  Object.entries(settings).map(([name, value]) => `${name} ${value}`)
