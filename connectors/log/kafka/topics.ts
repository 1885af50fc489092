import {
  ConfigResourceTypes,
  createTopicsV7,
  describeConfigsV4,
  describeLogDirsV4,
  IncrementalAlterConfigOperationTypes,
  incrementalAlterConfigsV1,
} from '@platformatic/kafka'
import { type Place, placeName } from '../assign.ts'
import type { TopicDescription, TopicSettings } from '../log.ts'
import type { Cluster } from './cluster.ts'
import { connectorError, isFault, isPassing } from './faults.ts'
import { byTopic } from './places.ts'
import { earliest, latest, offsetsAt } from './positions.ts'

const createWithinMs = 30_000

/** Creates what is missing, and sets the retention of what is there. @throws ConnectorError */
export async function createTopics(cluster: Cluster, topics: readonly TopicSettings[]): Promise<void> {
  const known = new Set((await cluster.metadata()).topics.map(({ name }) => name))
  const missing = topics.filter(({ name }) => !known.has(name))
  for (const topic of missing) await create(cluster, topic)
  for (const { name } of missing) await elected(cluster, name)
  const present = topics.filter(({ name }) => known.has(name))
  if (present.length > 0) await alter(cluster, present)
}

/** One by one: a topic that another client has just created spoils no other's creation. */
async function create(cluster: Cluster, topic: TopicSettings): Promise<void> {
  const { replicationFactor, requestTimeoutMs } = cluster.settings
  const { name, partitions: numPartitions } = topic
  const configs = configsOf(cluster, topic)
  const wanted = { name, numPartitions, replicationFactor, assignments: [], configs }
  try {
    await cluster.patiently(
      () => cluster.once('controller', 'control', createTopicsV7.api, [wanted], requestTimeoutMs, false),
      createWithinMs,
    )
  } catch (cause) {
    if (!isFault(cause, 'TOPIC_ALREADY_EXISTS')) throw connectorError(cause, `creating the topic "${name}"`)
  }
}

/** A topic that was created has no leaders yet: whoever asks too early is told that it doesn't exist. */
async function elected(cluster: Cluster, name: string): Promise<void> {
  try {
    await cluster.patiently(async () => {
      cluster.forgetLeaders(name)
      const leaders = await cluster.leaders(name)
      await offsetsAt(
        cluster,
        leaders.map((_, partition) => ({ topic: name, partition })),
        latest,
      )
    }, createWithinMs)
  } catch (cause) {
    throw connectorError(cause, `waiting for the leaders of "${name}"`)
  }
}

async function alter(cluster: Cluster, topics: readonly TopicSettings[]): Promise<void> {
  const resources = topics.map((topic) => ({
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName: topic.name,
    configs: configsOf(cluster, topic).map((one) => ({
      ...one,
      configOperation: IncrementalAlterConfigOperationTypes.SET,
    })),
  }))
  try {
    await cluster.patiently(() =>
      cluster.once('controller', 'control', incrementalAlterConfigsV1.api, resources, false),
    )
  } catch (cause) {
    if (!isFault(cause, 'TOPIC_AUTHORIZATION_FAILED'))
      throw connectorError(cause, 'setting the retention of the topics')
    // Where somebody else looks after the topics, that is how it is meant
    cluster.settings.warn(
      'the topics keep the retention and max.message.bytes they have: this user may not change them; allow AlterConfigs where log.retention is to hold',
    )
  }
}

/** Kafka's word for no limit is -1. */
const configsOf = (
  { settings: { maxMessageBytes } }: Cluster,
  { retentionMs, retentionBytes }: TopicSettings,
): { name: string; value: string }[] => [
  { name: 'retention.ms', value: limitText(retentionMs) },
  { name: 'retention.bytes', value: limitText(retentionBytes) },
  { name: 'max.message.bytes', value: String(maxMessageBytes) },
]

const limitText = (limit: number): string => (Number.isFinite(limit) ? String(limit) : '-1')

const limitOf = (text: string | null | undefined): number =>
  text === undefined || text === null || text === '-1' ? Number.POSITIVE_INFINITY : Number(text)

/** @throws ConnectorError */
export async function describeTopics(cluster: Cluster): Promise<TopicDescription[]> {
  const topics = (await cluster.metadata()).topics.filter(
    ({ name, isInternal, errorCode }) => name !== null && !isInternal && errorCode === 0,
  )
  const names = topics.map(({ name }) => name as string)
  const places = topics.flatMap(({ name, partitions }) =>
    partitions.map((_, partition) => ({ topic: name as string, partition })),
  )
  if (places.length === 0) return []
  const [configs, first, last, sizes] = await Promise.all([
    retentionOf(cluster, names),
    offsetsAt(cluster, places, earliest),
    offsetsAt(cluster, places, latest),
    sizesOf(cluster, places),
  ])
  return topics.map(({ name, partitions }) => ({
    name: name as string,
    partitions: partitions.length,
    retentionMs: limitOf(configs.get(name as string)?.get('retention.ms')),
    retentionBytes: limitOf(configs.get(name as string)?.get('retention.bytes')),
    maxMessageBytes: limitOf(configs.get(name as string)?.get('max.message.bytes')),
    offsets: partitions.map((_, partition) => {
      const at = placeName({ topic: name as string, partition })
      return { earliest: first.get(at) as number, latest: last.get(at) as number, bytes: sizes.get(at) ?? 0 }
    }),
  }))
}

async function retentionOf(
  cluster: Cluster,
  names: readonly string[],
): Promise<Map<string, Map<string, string | null>>> {
  const resources = names.map((resourceName) => ({
    resourceType: ConfigResourceTypes.TOPIC,
    resourceName,
    configurationKeys: ['retention.ms', 'retention.bytes', 'max.message.bytes'],
  }))
  const doing = "asking for the topics' settings"
  const { results } = await cluster.insist(
    doing,
    'any',
    'control',
    describeConfigsV4.api,
    resources,
    false,
    false,
  )
  return new Map(
    results.map(({ resourceName, configs }) => [
      resourceName,
      new Map(configs.map(({ name, value }) => [name, value ?? null])),
    ]),
  )
}

/** Bytes of each partition on its largest replica. A user who may not ask sees none. */
async function sizesOf(cluster: Cluster, places: readonly Place[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  const topics = byTopic(places).map(([name, of]) => ({
    name,
    partitions: of.map(({ partition }) => partition),
  }))
  const each = await cluster.ofEachBroker("asking for the partitions' sizes", (broker) =>
    cluster.once(broker, 'control', describeLogDirsV4.api, topics).catch((cause) => {
      if (isPassing(cause)) throw cause
    }),
  )
  for (const answer of each)
    for (const { topics } of answer?.results ?? [])
      for (const { name, partitions } of topics)
        for (const { partitionIndex, partitionSize } of partitions) {
          const at = placeName({ topic: name, partition: partitionIndex })
          sizes.set(at, Math.max(sizes.get(at) ?? 0, Number(partitionSize)))
        }
  return sizes
}
