import {
  FetchIsolationLevels,
  ListOffsetTimestamps,
  listOffsetsV7,
  offsetCommitV8,
  offsetFetchV8,
} from '@platformatic/kafka'
import { type Place, placeName } from '../assign.ts'
import type { Committed } from '../log.ts'
import type { Cluster } from './cluster.ts'
import { connectorError } from './faults.ts'
import { byTopic, positionsByTopic } from './places.ts'
import type { Offsets } from './transactions.ts'

/** The end of a partition, as a reader of committed records sees it; or its beginning. */
export const { LATEST: latest, EARLIEST: earliest } = ListOffsetTimestamps

/**
 * A group's committed positions. Waits for transactions that are about to move it to end one way or the other.
 * @param places undefined: all that the group has
 * @throws KafkaFault
 */
export async function committedOf(
  cluster: Cluster,
  group: string,
  places?: readonly Place[],
): Promise<Committed[]> {
  const topics =
    places &&
    byTopic(places).map(([name, of]) => ({ name, partitionIndexes: of.map(({ partition }) => partition) }))
  const request = { groupId: group, memberId: null, memberEpoch: -1, topics: topics ?? null }
  const { groups } = await cluster.patiently(() =>
    cluster.once({ group }, 'control', offsetFetchV8.api, [request], true),
  )
  return (groups[0]?.topics ?? []).flatMap(({ name, partitions }) =>
    partitions
      .filter(({ committedOffset }) => committedOffset >= 0n)
      .map(({ partitionIndex, committedOffset, metadata }) => ({
        topic: name,
        partition: partitionIndex,
        offset: Number(committedOffset),
        metadata: metadata || undefined,
      })),
  )
}

/** Moves a group outside any transaction. @throws KafkaFault */
export async function commitPositions(
  cluster: Cluster,
  { group, generation, member, instance, positions }: Offsets,
): Promise<void> {
  const topics = positionsByTopic(positions)
  await cluster.patiently(() =>
    cluster.once({ group }, 'control', offsetCommitV8.api, group, generation, member, instance, topics),
  )
}

/** The positions of a manager that is no member: the coordinator takes them while the group has none. */
export const withoutMember = (group: string, positions: readonly Committed[]): Offsets => ({
  group,
  generation: -1,
  member: '',
  instance: null,
  positions,
})

/**
 * The first offset of each place whose record was written at or after a time, or one of the two ends.
 * @param time milliseconds since the epoch, `latest` or `earliest`
 * @returns by the place's name; -1 where nothing was written since
 * @throws ConnectorError
 */
export async function offsetsAt(
  cluster: Cluster,
  places: readonly Place[],
  time: bigint,
): Promise<ReadonlyMap<string, number>> {
  try {
    return await cluster.patiently(() => askLeaders(cluster, places, time))
  } catch (cause) {
    throw connectorError(cause, 'asking where partitions begin and end')
  }
}

async function askLeaders(
  cluster: Cluster,
  places: readonly Place[],
  time: bigint,
): Promise<Map<string, number>> {
  const leaders = new Map<number, Place[]>()
  for (const place of places) {
    const leader = await cluster.leaderOf(place)
    leaders.set(leader, [...(leaders.get(leader) ?? []), place])
  }
  const offsets = new Map<string, number>()
  const isolation = FetchIsolationLevels.READ_COMMITTED
  const ask = async (led: readonly Place[]) => {
    const topics = byTopic(led).map(([name, of]) => ({
      name,
      partitions: of.map(({ partition }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: -1,
        timestamp: time,
      })),
    }))
    const leader = led[0] as Place
    const answer = await cluster.once({ leader }, 'control', listOffsetsV7.api, -1, isolation, topics)
    for (const { name, partitions } of answer.topics)
      for (const { partitionIndex, offset } of partitions)
        offsets.set(placeName({ topic: name, partition: partitionIndex }), Number(offset))
  }
  await Promise.all([...leaders.values()].map(ask))
  return offsets
}

/**
 * Where a group's members begin: at what is committed, or, where nothing is, at the end that they ask for.
 * @throws KafkaFault; ConnectorError
 */
export async function startingAt(
  cluster: Cluster,
  group: string,
  places: readonly Place[],
  from: 'earliest' | 'latest',
): Promise<{ readonly committed: readonly Committed[]; readonly fresh: readonly Committed[] }> {
  const committed = await committedOf(cluster, group, places)
  const known = new Set(committed.map(placeName))
  const unknown = places.filter((place) => !known.has(placeName(place)))
  if (unknown.length === 0) return { committed, fresh: [] }
  const offsets = await offsetsAt(cluster, unknown, from === 'earliest' ? earliest : latest)
  const fresh = unknown.map(({ topic, partition }) => {
    const offset = offsets.get(placeName({ topic, partition })) as number
    return { topic, partition, offset, metadata: undefined }
  })
  return { committed, fresh }
}
