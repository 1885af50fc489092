import type { txnOffsetCommitV3 } from '@platformatic/kafka'
import type { Committed } from '../log.ts'

/** Kafka's requests go by topic. */
export function byTopic<T extends { readonly topic: string }>(
  items: Iterable<T>,
): [topic: string, items: T[]][] {
  const topics = new Map<string, T[]>()
  for (const item of items) {
    const list = topics.get(item.topic)
    if (list) list.push(item)
    else topics.set(item.topic, [item])
  }
  return [...topics]
}

/** Positions as the requests want them. */
export const positionsByTopic = (
  positions: readonly Committed[],
): txnOffsetCommitV3.TxnOffsetCommitRequestTopic[] =>
  byTopic(positions).map(([name, places]) => ({
    name,
    partitions: places.map(({ partition, offset, metadata }) => ({
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: metadata ?? '',
    })),
  }))
