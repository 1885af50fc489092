import { readFile } from 'node:fs/promises'
import type { TlsConfig } from '../config/values.ts'
import type { Config } from '../config.ts'
import { ConnectorError } from './errors.ts'
import type { KafkaLogOptions, KafkaSasl, KafkaTls } from './log/kafka/options.ts'
import { readPem } from './pem.ts'
import type { RedisStoreOptions } from './store/redis/options.ts'

/**
 * What the Kafka driver is told, with certificates read.
 * @throws MISCONFIGURED
 */
export function kafkaOptions({ log, guarantee }: Pick<Config, 'log' | 'guarantee'>): KafkaLogOptions {
  const {
    tls,
    sasl,
    sessionTimeout,
    heartbeat,
    rebalanceTimeout,
    transactionTimeout,
    requestTimeout,
    ...rest
  } = log.kafka
  const pems = pemsOf(tls, 'log.kafka.tls')
  return {
    ...rest,
    guarantee,
    tls: pems && { ...pems, serverName: tls.serverName },
    sasl: saslOf(sasl),
    sessionTimeoutMs: sessionTimeout,
    heartbeatMs: heartbeat,
    rebalanceTimeoutMs: rebalanceTimeout,
    transactionTimeoutMs: transactionTimeout,
    requestTimeoutMs: requestTimeout,
  }
}

function saslOf(sasl: Config['log']['kafka']['sasl']): KafkaSasl | undefined {
  const { mechanism, username, password, token, tokenFile } = sasl
  if (mechanism === 'none') return undefined
  if (mechanism !== 'OAUTHBEARER') return { mechanism, username, password }
  return { mechanism, token: () => (tokenFile === undefined ? token : tokenIn(tokenFile)) }
}

async function tokenIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new ConnectorError(
      'MISCONFIGURED',
      `log.kafka.sasl.tokenFile: ${(cause as Error).message}; name the file that holds the token`,
      { cause },
    )
  }
}

/**
 * What the Redis driver is told, with certificates read.
 * @throws MISCONFIGURED
 */
export function redisOptions({ store }: Pick<Config, 'store'>): RedisStoreOptions {
  const { mode, url, sentinels, sentinelName, nodes, keyPrefix, replicas } = store.redis
  const { serverName } = store.redis.tls
  const pems = pemsOf(store.redis.tls, 'store.redis.tls')
  const settings = {
    ...given(store.redis, 'username', 'password'),
    ...(pems ? { tls: { ...pems, ...(serverName === undefined ? {} : { servername: serverName }) } } : {}),
    keyPrefix,
    ...(replicas === undefined ? {} : { replicas }),
  }
  if (mode === 'cluster') return { mode, nodes, ...settings }
  if (mode === 'single') return { mode, url, ...settings }
  const credentials = given(store.redis, 'sentinelUsername', 'sentinelPassword')
  return { mode, sentinels, name: sentinelName, ...credentials, ...settings }
}

/** Those of the settings that are not empty. */
const given = <Key extends string>(
  settings: Readonly<Record<Key, string>>,
  ...keys: readonly Key[]
): Partial<Record<Key, string>> =>
  Object.fromEntries(
    keys.filter((key) => settings[key] !== '').map((key) => [key, settings[key]]),
  ) as Partial<Record<Key, string>>

/** The files' contents; undefined where nothing is to be encrypted. */
function pemsOf({ enabled, ca, cert, key }: TlsConfig, at: string): Omit<KafkaTls, 'serverName'> | undefined {
  const read = (name: string, file: string | undefined) => file && readPem(`${at}.${name}`, file)
  return enabled ? { ca: read('ca', ca), cert: read('cert', cert), key: read('key', key) } : undefined
}
