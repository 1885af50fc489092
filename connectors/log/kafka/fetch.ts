import { createAPI, FetchIsolationLevels, fetchV12, type Reader } from '@platformatic/kafka'
import { type Place, placeName } from '../assign.ts'
import { type Aborted, type RawBatches, scanBatches } from './batch/scan.ts'
import type { Cluster } from './cluster.ts'
import type { Purpose } from './connections.ts'
import { byTopic } from './places.ts'

/** Where to read a partition. */
export interface FetchFrom extends Place {
  readonly offset: number
}

export interface Fetched extends RawBatches, Place {
  /** Kafka's number of what is wrong with this partition; 0: nothing. */
  readonly errorCode: number
}

export interface FetchLimits {
  /** How long the broker waits where nothing is there yet. */
  readonly maxWaitMs: number
  readonly maxBytes: number
  readonly maxPartitionBytes: number
}

interface RawPartition {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly aborted: readonly Aborted[]
  readonly bytes: Buffer
}

/** The client's own request; the answer is left as the bytes that came. */
const fetchApi = createAPI<Parameters<typeof fetchV12.createRequest>, readonly RawPartition[]>(
  1,
  12,
  fetchV12.createRequest,
  (_correlation, _key, _version, reader) => {
    reader.readInt32()
    reader.readInt16()
    reader.readInt32()
    return reader
      .readArray((topics) => {
        const topic = topics.readString()
        return topics.readArray((partitions) => readPartition(partitions, topic))
      })
      .flat()
  },
)

function readPartition(reader: Reader, topic: string): RawPartition {
  const partition = reader.readInt32()
  const errorCode = reader.readInt16()
  reader.skip(24)
  const aborted = reader.readArray((r) => ({ producerId: r.readInt64(), firstOffset: r.readInt64() }))
  reader.readInt32()
  const size = Math.max(0, reader.readUnsignedVarInt() - 1)
  // One view where the bytes lie together, one copy where they came in pieces
  const bytes = size === 0 ? nothing : reader.buffer.slice(reader.position, reader.position + size)
  reader.skip(size)
  return { topic, partition, errorCode, aborted, bytes }
}

const nothing = Buffer.alloc(0)

/** Asks one broker for partitions that it leads, only what is committed. @throws KafkaFault */
export async function fetchFrom(
  cluster: Cluster,
  broker: number,
  purpose: Purpose,
  places: readonly FetchFrom[],
  { maxWaitMs, maxBytes, maxPartitionBytes }: FetchLimits,
): Promise<readonly Fetched[]> {
  const topics = byTopic(places).map(([topicId, partitions]) => ({
    topicId,
    partitions: partitions.map(({ partition, offset }) => ({
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: -1,
      partitionMaxBytes: maxPartitionBytes,
    })),
  }))
  const isolation = FetchIsolationLevels.READ_COMMITTED
  const parts = await cluster.once(
    { broker },
    purpose,
    fetchApi,
    maxWaitMs,
    1,
    maxBytes,
    isolation,
    0,
    -1,
    topics,
    [],
    '',
  )
  const positions = new Map(places.map((place) => [placeName(place), place.offset]))
  return parts.map(({ topic, partition, errorCode, aborted, bytes }) => ({
    topic,
    partition,
    errorCode,
    ...scanBatches(bytes, positions.get(placeName({ topic, partition })) ?? 0, aborted),
  }))
}
