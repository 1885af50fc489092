import type { Subscription } from './log.ts'
import type { Records } from './records.ts'

/**
 * Fills a claim. Each partition gets an equal share of what is left of the limits, so that a busy one can't shut
 * out the others.
 * @param turn which partition goes first; rises with every claim
 * @param read what comes next of a partition, at most so much
 */
export function fill<Partition>(
  partitions: readonly Partition[],
  { maxRecords, maxBytes }: Pick<Subscription, 'maxRecords' | 'maxBytes'>,
  turn: number,
  read: (partition: Partition, maxRecords: number, maxBytes: number) => Records | undefined,
): Records[] {
  const batches: Records[] = []
  let records = maxRecords
  let bytes = maxBytes
  for (let i = 0; i < partitions.length && records > 0 && bytes > 0; i++) {
    const share = (rest: number) => Math.ceil(rest / (partitions.length - i))
    const partition = partitions[(turn + i) % partitions.length] as Partition
    const batch = read(partition, share(records), share(bytes))
    if (!batch) continue
    batches.push(batch)
    records -= batch.count
    bytes -= batch.data.length
  }
  return batches
}
