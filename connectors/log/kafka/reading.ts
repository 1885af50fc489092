import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectorError } from '../../errors.ts'
import { placeName } from '../assign.ts'
import type { OnRecords } from '../log.ts'
import { nextOffset, offsetAt, type Records } from '../records.ts'
import { decodeBatches } from './batch/decode.ts'
import type { Cluster } from './cluster.ts'
import { connectorError, faultOfNumber, isFault, isPassing, KafkaFault } from './faults.ts'
import { type Fetched, fetchFrom } from './fetch.ts'
import { startFetcher } from './fetcher.ts'
import { earliest, latest, offsetsAt } from './positions.ts'

const outOfRange = 1
const scanBytes = 1 << 20
const tailLimits = { maxWaitMs: 1000, maxBytes: 8 << 20, maxPartitionBytes: 1 << 20 }

/** What is there from an offset on. @throws OFFSET_OUT_OF_RANGE; ConnectorError */
export async function readOnce(
  cluster: Cluster,
  topic: string,
  partition: number,
  offset: number,
  maxBytes: number,
): Promise<Records | undefined> {
  for (let at = offset; ; ) {
    const fetched = await fetchPartition(cluster, topic, partition, at, maxBytes)
    if (fetched.errorCode === outOfRange) throw await gone(cluster, topic, partition, at)
    if (fetched.batches.length > 0) {
      const records = decodeBatches(topic, partition, fetched.batches, at)
      if (records.count > 0) return records
    }
    // Nothing but aborted records and ends of transactions: what comes behind them may be more
    if (fetched.end === at) return undefined
    at = fetched.end
  }
}

async function fetchPartition(
  cluster: Cluster,
  topic: string,
  partition: number,
  offset: number,
  maxBytes: number,
): Promise<Fetched> {
  const limits = { maxWaitMs: 0, maxBytes, maxPartitionBytes: maxBytes }
  try {
    return await cluster.patiently(async () => {
      const place = { topic, partition, offset }
      const [fetched] = await fetchFrom(cluster, await cluster.leaderOf(place), 'control', [place], limits)
      if (fetched && (fetched.errorCode === 0 || fetched.errorCode === outOfRange)) return fetched
      cluster.forgetLeaders(topic)
      if (fetched) throw faultOfNumber(fetched.errorCode, `${topic}/${partition}`)
      throw new KafkaFault('LEADER_NOT_AVAILABLE', `nothing came from ${topic}/${partition}`, undefined, {
        cause: undefined,
      })
    })
  } catch (cause) {
    throw connectorError(cause, `reading ${topic}/${partition}`)
  }
}

async function gone(
  cluster: Cluster,
  topic: string,
  partition: number,
  offset: number,
): Promise<ConnectorError> {
  const place = { topic, partition }
  const first = (await offsetsAt(cluster, [place], earliest)).get(placeName(place))
  return new ConnectorError(
    'OFFSET_OUT_OF_RANGE',
    `offset ${offset} of ${topic}/${partition} is gone: the first one still there is ${first}`,
  )
}

/**
 * Kafka finds records by the time in their timestamps, which is never before the time at which they happened (but for
 * those of the future): from there on, the first that happened late enough is looked for.
 */
export async function findByTime(
  cluster: Cluster,
  topic: string,
  partition: number,
  timestamp: number,
): Promise<number> {
  const place = { topic, partition }
  const at = async (time: bigint) => (await offsetsAt(cluster, [place], time)).get(placeName(place)) as number
  // Asked first: what comes in between the two questions lies behind this end
  const end = await at(latest)
  let offset = await at(BigInt(Math.max(0, Math.floor(timestamp))))
  if (offset < 0) return end
  for (;;) {
    const records = await readOnce(cluster, topic, partition, offset, scanBytes)
    if (!records) return Math.max(offset, end)
    const found = records.timestamps.findIndex((one) => one >= timestamp)
    if (found >= 0) return offsetAt(records, found)
    offset = nextOffset(records)
  }
}

/** Follows a topic. @throws ConnectorError; what `onRecords` throws */
export async function follow(
  cluster: Cluster,
  topic: string,
  from: readonly number[],
  onRecords: OnRecords,
  signal: AbortSignal,
): Promise<void> {
  await cluster.leaders(topic)
  const positions = from.map((offset, partition) => ({ topic, partition, offset }))
  let stop = () => {}
  await new Promise<void>((resolve, reject) => {
    const fetcher = startFetcher({
      cluster,
      name: randomUUID(),
      limits: tailLimits,
      wanted: () => positions,
      async deliver({ partition, errorCode, batches, end }, { offset }) {
        if (signal.aborted) return
        const place = { topic, partition }
        if (errorCode === outOfRange) {
          const first = (await offsetsAt(cluster, [place], earliest)).get(placeName(place))
          positions[partition] = { ...place, offset: first ?? offset }
        } else if (errorCode !== 0) {
          const fault = faultOfNumber(errorCode, placeName(place))
          if (!isPassing(fault)) throw fault
          cluster.forgetLeaders(topic)
          await sleep(50)
        } else {
          const records = batches.length > 0 ? decodeBatches(topic, partition, batches, offset) : undefined
          if (records && records.count > 0) await handOut(records)
          positions[partition] = { ...place, offset: end }
        }
      },
      // A leader that moves is found again; a broker that is away is the caller's to know
      faulty: (cause) =>
        (cause instanceof ConnectorError || isFault(cause, 'NETWORK', 'TIMEOUT')) && reject(cause),
      failed: reject,
    })
    async function handOut(records: Records): Promise<void> {
      try {
        await onRecords(records)
      } catch (cause) {
        reject(cause)
        stop()
      }
    }
    stop = () => {
      fetcher.stop()
      resolve()
    }
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
    fetcher.wake()
  })
    .catch((cause) => {
      throw cause instanceof KafkaFault ? connectorError(cause, `following "${topic}"`) : cause
    })
    .finally(() => {
      stop()
      signal.removeEventListener('abort', stop)
    })
}
