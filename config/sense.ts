import type { Config } from '../config.ts'
import type { TlsConfig } from './values.ts'

/** Two settings that do not go together. */
interface Fault {
  /** The key to change. */
  readonly path: readonly string[]
  readonly message: string
}

/** What makes no sense in a configuration whose every value is valid by itself, each with the remedy. */
export function* faultsOf(config: Config): Generator<Fault> {
  if (config.log.driver === 'kafka') yield* faultsOfKafka(config.log.kafka)
  if (config.store.driver === 'redis') yield* faultsOfRedis(config.store.redis)
  yield* faultsOfProcessors(config)
}

/** A heartbeat may be lost, and the next one too, before the group gives a process up. */
const heartbeatsASession = 3

function* faultsOfKafka(kafka: Config['log']['kafka']): Generator<Fault> {
  const { brokers, tls, sasl, heartbeat, sessionTimeout } = kafka
  const at = ['log', 'kafka']
  if (brokers.length === 0) yield { path: [...at, 'brokers'], message: 'name one broker at least' }
  yield* faultsOfTls(tls, [...at, 'tls'])
  yield* faultsOfSasl(sasl, [...at, 'sasl'])
  if (heartbeat * heartbeatsASession > sessionTimeout)
    yield {
      path: [...at, 'heartbeat'],
      message: `write at most a third of log.kafka.sessionTimeout, ${Math.floor(sessionTimeout / heartbeatsASession)}ms`,
    }
}

function* faultsOfSasl(sasl: Config['log']['kafka']['sasl'], at: string[]): Generator<Fault> {
  const fault = (key: string, message: string) => ({ path: [...at, key], message })
  const { mechanism, username, password, token, tokenFile } = sasl
  if (mechanism === 'none') {
    if (username || password) yield fault('mechanism', 'there is a user: choose PLAIN or a SCRAM mechanism')
    if (token || tokenFile) yield fault('mechanism', 'there is a token: write OAUTHBEARER')
  } else if (mechanism === 'OAUTHBEARER') {
    if (!token === !tokenFile)
      yield fault('token', 'OAUTHBEARER takes a token or a tokenFile: set one of them')
  } else {
    if (!username) yield fault('username', `${mechanism} needs a user`)
    if (!password)
      yield fault('password', `${mechanism} needs a password: set MURMUR_LOG_KAFKA_SASL_PASSWORD`)
  }
}

function* faultsOfRedis({ mode, sentinels, nodes, tls }: Config['store']['redis']): Generator<Fault> {
  const at = ['store', 'redis']
  yield* faultsOfTls(tls, [...at, 'tls'])
  for (const [key, servers, wanted] of [
    ['sentinels', sentinels, 'sentinel'],
    ['nodes', nodes, 'cluster'],
  ] as const) {
    if (mode === wanted && servers.length === 0)
      yield { path: [...at, key], message: `store.redis.mode is ${mode}: name one at least` }
    if (mode !== wanted && servers.length > 0)
      yield { path: [...at, 'mode'], message: `there are ${key}: write ${wanted}, or leave them out` }
  }
}

function* faultsOfTls({ enabled, ca, cert, key, serverName }: TlsConfig, at: string[]): Generator<Fault> {
  if (!enabled && (ca ?? cert ?? key ?? serverName) !== undefined)
    yield { path: [...at, 'enabled'], message: 'there are settings for TLS: write true, or leave them out' }
  if (cert !== undefined && key === undefined)
    yield { path: [...at, 'key'], message: 'a certificate needs its private key: name the file of it' }
  if (key !== undefined && cert === undefined)
    yield { path: [...at, 'cert'], message: 'a private key needs its certificate: name the file of it' }
}

function* faultsOfProcessors({ processors, olap }: Config): Generator<Fault> {
  for (const [name, { stages, instances }] of Object.entries(processors)) {
    if (name === 'gateway')
      yield {
        path: ['processors', name],
        message: '`--only gateway` means the gateway: give the processor another name',
      }
    if (stages.includes('sink') && instances > 1 && olap.driver === 'chdb')
      yield {
        path: ['processors', name, 'instances'],
        message: 'only one process may have the chdb folder open: write 1, or set olap.driver to clickhouse',
      }
  }
}

/** What is allowed, and good only as long as somebody knows about it. */
export function cautionsOf({ data, log, store, olap }: Config): string[] {
  const cautions: string[] = []
  if (log.driver !== 'kafka') return cautions
  if (store.driver === 'embedded')
    cautions.push(
      `keyed state lies in the folder "${data}" of this machine: run its processors on no other one, or set store.driver to redis`,
    )
  if (olap.driver === 'chdb')
    cautions.push(
      `the tables lie in the folder "${data}" of this machine: run the sink on no other one, or set olap.driver to clickhouse`,
    )
  const { sasl, tls } = log.kafka
  if ((sasl.mechanism === 'PLAIN' || sasl.mechanism === 'OAUTHBEARER') && !tls.enabled)
    cautions.push(
      `${sasl.mechanism} without log.kafka.tls sends the secret in the clear: enable it, unless nobody listens`,
    )
  return cautions
}
