import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Certificate, certificateIn } from './certificate.ts'
import { haveJars, kafkaJars } from './jars.ts'
import { type KafkaSecurity, scramArguments, securityProperties } from './kafka-security.ts'
import { brokerProperties, newCluster } from './kafka-settings.ts'
import { host } from './ports.ts'
import { startProcess } from './process.ts'
import { missing } from './programs.ts'
import { homeOf, type Servers, servers } from './server.ts'

export interface KafkaOptions extends KafkaSecurity {
  /** How many, each of them broker and controller. 1 unless told; 3 survive the death of one. */
  readonly brokers?: number
  /** Of every broker, over those that make it quick to test. */
  readonly properties?: Readonly<Record<string, string>>
  /** Keeps the data for a later start with as many brokers. A temporary one unless told. */
  readonly folder?: string
  /** Of the first broker, for clients; one that is free unless told. */
  readonly port?: number
  /** What Java is told. Unless told, it is to save memory and compiling; for a benchmark, give the heap alone. */
  readonly java?: readonly string[]
}

/** Real brokers on this machine. */
export interface KafkaServer extends Servers {
  /** host:port of each, also while it is down. */
  readonly brokers: readonly string[]
  /** host:port of each, for the test as its operator: no credentials, no encryption, everything allowed. */
  readonly inside: readonly string[]
  /** To trust, where clients come by TLS. */
  readonly certificate?: Certificate
}

/** How to get what a Kafka needs; undefined if it is there. */
export function kafkaMissing(): string | undefined {
  const toFetch = haveJars() ? {} : { mvn: 'maven', flock: 'util-linux' }
  return missing('Kafka', { java: 'openjdk-17-jre-headless', openssl: 'openssl', ...toFetch })
}

/**
 * Starts Kafka. It serves when this resolves, some 3 seconds later.
 * @throws Error with the remedy if something is missing, with the end of the log if a broker doesn't start
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaServer> {
  const remedy = kafkaMissing()
  if (remedy) throw new Error(remedy)
  const jars = await kafkaJars()
  const cluster = await newCluster(options)
  const home = homeOf('kafka', options.folder)
  const certificate = options.tls ? await certificateIn(home.folder) : undefined
  const security = securityProperties(options, certificate)
  const each = servers(home, async (index) => {
    const folder = join(home.folder, `broker-${index + 1}`)
    const [file, data] = [join(folder, 'server.properties'), join(folder, 'data')]
    mkdirSync(folder, { recursive: true })
    writeFileSync(
      file,
      lines({ ...brokerProperties(index, cluster, data), ...security, ...options.properties }),
    )
    if (!existsSync(join(data, 'meta.properties')))
      await format(jars, ['-t', cluster.id, '-c', file, ...scramArguments(options)])
    const broker = [...(options.java ?? frugal), ...onJars(jars), 'kafka.Kafka', file]
    return startProcess('java', broker, join(folder, 'log'), 'Kafka Server started')
  })
  try {
    await Promise.all(cluster.nodes.map((_, index) => each.restart(index)))
  } catch (cause) {
    await each.stop()
    throw cause
  }
  return {
    ...each,
    ...(certificate ? { certificate } : {}),
    brokers: cluster.nodes.map(({ client }) => `${host}:${client}`),
    inside: cluster.nodes.map(({ inside }) => `${host}:${inside}`),
  }
}

/** A broker of a test runs for seconds, and half of what it would take of them is compiling. */
const frugal = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

/** With a log that says no more than that it is ready, and what is wrong. */
const onJars = (jars: string) => [
  '-cp',
  join(jars, '*'),
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
]

/** Makes the data folder of a broker. */
async function format(jars: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)('java', [
    ...frugal,
    ...onJars(jars),
    'kafka.tools.StorageTool',
    'format',
    ...args,
  ])
}

const lines = (properties: Readonly<Record<string, string>>): string =>
  Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
