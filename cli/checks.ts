import { languageSettings } from '../config/language.ts'
import { cautionsOf } from '../config/sense.ts'
import type { Config } from '../config.ts'
import { ConnectorError } from '../connectors/errors.ts'
import type { TopicDescription } from '../connectors/log/log.ts'
import type { Opened } from '../connectors/open.ts'
import { checkEviction, type RedisServerReport } from '../connectors/store/redis/servers.ts'
import { openLanguage, taughtIntents } from '../language/language.ts'
import { openEncoders } from '../language/open.ts'
import { topics as ownTopics } from '../schemas/topics.ts'
import { span } from './output.ts'
import { ageOf, placesOf } from './transactions.ts'

/** What `murmur doctor` asks of the connectors: what it found, or a throw that says what to do. */
type Check = (config: Config, opened: Opened) => Promise<string>

export const checkLog: Check = async (config, { log }) => {
  const { driver, kafka } = config.log
  const place = driver === 'kafka' ? `Kafka at ${kafka.brokers.join(', ')}` : 'embedded'
  const topics = (await log.topics()).filter(({ name }) => ownTopics.some((own) => own.name === name))
  const names = new Map<string, string[]>()
  for (const { name, ...topic } of topics)
    for (const fault of faultsOf(topic, config.log)) names.set(fault, [...(names.get(fault) ?? []), name])
  if (names.size > 0)
    throw new Error(
      [place, ...[...names].map(([fault, wrong]) => `${wrong.join(', ')}: ${fault}`)].join('; '),
    )
  return topics.length === 0
    ? `${place}, without topics yet; \`murmur start\` makes them`
    : `${place}, ${topics.length} topics`
}

function* faultsOf(
  { partitions, retentionMs, retentionBytes, maxMessageBytes }: Omit<TopicDescription, 'name'>,
  log: Config['log'],
): Generator<string> {
  if (partitions !== log.partitions)
    yield `${partitions} partitions where log.partitions says ${log.partitions}: write ${partitions} there, since keyed state does not follow its keys to other partitions`
  const mend = 'the next `murmur start` changes that, if its user may alter topics'
  if (retentionMs !== log.retention)
    yield `kept for ${span(retentionMs)} where log.retention says ${span(log.retention)}: ${mend}`
  if (maxMessageBytes !== undefined && maxMessageBytes !== log.kafka.maxMessageBytes)
    yield `max.message.bytes is ${maxMessageBytes} where log.kafka.maxMessageBytes says ${log.kafka.maxMessageBytes}: ${mend}`
  if (retentionBytes !== log.retentionBytes)
    yield `${retentionBytes} bytes a partition where log.retentionBytes says ${log.retentionBytes}: ${mend}`
}

const lingering = 10_000

export const checkTransactions: Check = async (_config, { log }) => {
  const open = await log.transactions()
  const old = open.filter((one) => ageOf(one) > lingering)
  if (old.length === 0) return `${open.length} open, none for longer than ${span(lingering)}`
  throw new Error(
    old
      .map(
        (one) =>
          `"${one.id}" has been open for ${span(ageOf(one))} and holds back readers of ${placesOf(one)}: it ends by itself after ${span(one.timeoutMs)}, or at once with \`murmur transactions abort ${one.id}\``,
      )
      .join('; '),
  )
}

export const checkStore: Check = async (config, { redis }) => {
  if (!redis) return `embedded, in "${config.data}"`
  const servers = await redis.servers()
  for (const server of servers) checkEviction(server)
  return servers.length === 0
    ? 'Redis answers, and does not let this user ask more (INFO)'
    : servers.map(describeServer).join('; ')
}

const describeServer = ({ address, version, evictionPolicy, appendOnly, replicas }: RedisServerReport) =>
  `${address}, version ${version}, maxmemory-policy ${evictionPolicy}, ${replicas} replicas${appendOnly ? '' : ', without appendonly: a restart of it loses state'}`

export const checkRegistry: Check = async ({ registry: { driver, url } }, { registry }) => {
  if (driver === 'embedded') return 'embedded'
  try {
    await registry.schema(1)
  } catch (error) {
    // That it has no such schema is an answer, too
    if (!(error instanceof ConnectorError && error.code === 'UNKNOWN_SCHEMA')) throw error
  }
  return `answers at ${url.replace(/\/\/[^@/]*@/, '//')}`
}

export const checkConfiguration = (config: Config): string =>
  cautionsOf(config).join('; ') || 'valid, and nothing to beware of'

export async function checkLanguage(config: Config): Promise<string> {
  const settings = languageSettings(config)
  const { version, faults, close } = await openLanguage(settings, openEncoders, () => {})
  await close()
  if (faults.length > 0) throw new Error(faults.join('; '))
  return `version ${version}, ${taughtIntents(settings).length} intents, tier ${settings.tier}`
}
