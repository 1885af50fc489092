import type { Environment } from '../../embedded/environment.ts'
import { monotonicNow } from '../../embedded/process.ts'
import { positionsOf } from './group.ts'
import { describeTopics, headers, headOf, removeFront } from './partitions.ts'

/** Small enough that a transaction of them keeps no other writer waiting for long. */
const batchesPerSlice = 64

/** A sweep that takes longer than this has died. */
const turnMs = 60_000
const turnKey = ['sweep']

/**
 * Removes whole stored batches that are older than their topic keeps, or too many; the oldest first, and
 * never one that a group has yet to read. Returns the records removed; 0 while another process is at it.
 * @param now milliseconds since the epoch
 */
export async function sweep(environment: Environment, now: number): Promise<number> {
  if (!takeTurn(environment)) return 0
  environment.forgetDeadReaders()
  let removed = 0
  try {
    for (const { name, offsets, retentionMs, retentionBytes } of describeTopics(environment))
      for (let partition = 0; partition < offsets.length; partition++) {
        const due = () => dueIn(environment, name, partition, now - retentionMs, retentionBytes)
        environment.refresh()
        while (due().bases.length > 0) {
          removed += environment.transaction(() => remove(environment, name, partition, due()))
          await new Promise(setImmediate)
        }
      }
  } finally {
    environment.transaction(() => environment.meta.removeSync(turnKey))
  }
  return removed
}

function takeTurn({ transaction, meta }: Environment): boolean {
  return transaction(() => {
    const since = monotonicNow() - ((meta.get(turnKey) as number | undefined) ?? Number.NEGATIVE_INFINITY)
    if (since >= 0 && since < turnMs) return false
    meta.putSync(turnKey, monotonicNow())
    return true
  })
}

interface Due {
  readonly bases: readonly number[]
  /** The first offset that stays. */
  readonly earliest: number
  readonly bytes: number
}

function dueIn(
  environment: Environment,
  topic: string,
  partition: number,
  oldest: number,
  maxBytes: number,
): Due {
  const head = headOf(environment, topic, partition)
  const bases: number[] = []
  let { earliest } = head
  let bytes = 0
  let read: number | undefined
  for (const batch of headers(environment, topic, partition, head)) {
    const newest = Math.max(batch.maxTimestamp, batch.appendedAt)
    const due = newest < oldest || head.bytes - bytes > maxBytes
    if (!due || bases.length === batchesPerSlice) break
    read ??= readByAll(environment, topic, partition)
    if (batch.base + batch.count > read) break
    bases.push(batch.base)
    earliest = batch.base + batch.count
    bytes += batch.bytes
  }
  return { bases, earliest, bytes }
}

function remove(environment: Environment, topic: string, partition: number, due: Due): number {
  const { earliest } = headOf(environment, topic, partition)
  removeFront(environment, topic, partition, due.bases, due.earliest, due.bytes)
  return due.earliest - earliest
}

/** The offset below which every group has read the partition. */
function readByAll(environment: Environment, topic: string, partition: number): number {
  const offsets = [...positionsOf(environment).values()]
    .flat()
    .filter((position) => position.topic === topic && position.partition === partition)
    .map(({ offset }) => offset)
  return Math.min(...offsets, Number.POSITIVE_INFINITY)
}
