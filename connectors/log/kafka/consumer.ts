import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicNow } from '../../embedded/process.ts'
import { ConnectorError } from '../../errors.ts'
import { Alarm } from '../alarm.ts'
import { type Place, placeName } from '../assign.ts'
import { fill } from '../fill.ts'
import type { Committed, Consumer, Subscription } from '../log.ts'
import type { Records } from '../records.ts'
import { abortAbandoned, transactionalId } from './abandoned.ts'
import { AtLeastOnce } from './at-least-once.ts'
import { type OpenClaim, openClaim, type Writer } from './claims.ts'
import type { Cluster } from './cluster.ts'
import { connectorError, faultOfNumber, isFault, isFenced, isPassing } from './faults.ts'
import type { Fetched, FetchFrom } from './fetch.ts'
import { startFetcher } from './fetcher.ts'
import { startHeartbeat } from './heartbeat.ts'
import { Membership } from './membership.ts'
import { HeldPartition } from './partition.ts'
import { commitPositions, earliest, offsetsAt, startingAt } from './positions.ts'
import { Transactions } from './transactions.ts'

const fetchWaitMs = 250
const fetchBytes = 16 << 20
const fetchPartitionBytes = 1 << 20
const offsetOutOfRange = 1
const rejoinPauseMs = 100

/** Joins the group, and works until `stop`. */
export function startConsumer(cluster: Cluster, subscription: Subscription): Consumer {
  const { group, topics, maxRecords, maxBytes } = subscription
  const { heartbeatMs, guarantee, warn } = cluster.settings
  const membership = new Membership(cluster, group, topics)
  const held = new Map<string, HeldPartition>()
  const alarm = new Alarm()
  const stopped = new AbortController()
  let writer: Writer | undefined
  let inHand: OpenClaim | undefined
  let due: 'nothing' | 'rejoin' | 'afresh' = 'rejoin'
  let joining = false
  let failure: unknown
  let turn = 0
  let trouble: string | undefined
  let firstSeen: number | undefined

  const fetcher = startFetcher({
    cluster,
    name: randomUUID(),
    limits: {
      maxWaitMs: fetchWaitMs,
      maxBytes: Math.min(maxBytes, fetchBytes),
      maxPartitionBytes: fetchPartitionBytes,
    },
    wanted: roomy,
    deliver: take,
    faulty,
    failed: fail,
  })

  function fail(cause: unknown): void {
    failure ??= connectorError(cause, `reading for group "${group}"`)
    stopped.abort()
    inHand?.abort()
    alarm.ring()
  }

  function faulty(cause: unknown): void {
    const away = cause instanceof ConnectorError ? cause.retryable : isFault(cause, 'NETWORK', 'TIMEOUT')
    if (!away || trouble !== undefined) return
    trouble = (cause as Error).message
    subscription.onFault?.(trouble)
  }

  function recovered(): void {
    if (trouble !== undefined) subscription.onFault?.(undefined)
    trouble = undefined
  }

  /** The partitions for which there is room: about two claims are kept ready. */
  function roomy(): readonly HeldPartition[] {
    const all = [...held.values()]
    if (all.reduce((sum, { bytes }) => sum + bytes, 0) > 2 * maxBytes) return []
    return all.filter(({ records }) => records < 2 * maxRecords)
  }

  async function take(fetched: Fetched, from: FetchFrom): Promise<void> {
    const partition = held.get(placeName(fetched))
    // Given back, or moved on, while the request was on its way
    if (partition !== from || partition.fetchAt !== from.offset) return
    if (fetched.errorCode === 0) {
      recovered()
      if (fetched.end === partition.fetchAt) return
      partition.add(fetched.batches, fetched.end)
      alarm.ring()
    } else if (fetched.errorCode === offsetOutOfRange) await goOn(partition)
    else {
      const fault = faultOfNumber(fetched.errorCode, placeName(fetched))
      if (!isPassing(fault)) throw fault
      cluster.forgetLeaders(fetched.topic)
      await sleep(heartbeatMs / 10)
    }
  }

  /** Retention has passed the group's position: loud, because what is gone was never processed. */
  async function goOn(partition: HeldPartition): Promise<void> {
    const first = (await offsetsAt(cluster, [partition], earliest)).get(placeName(partition)) as number
    const at = `group "${group}" was to go on at offset ${partition.fetchAt} of ${placeName(partition)}`
    // Anything that it could do by itself would process records twice, or none of them
    if (first <= partition.fetchAt)
      throw new ConnectorError(
        'OFFSET_OUT_OF_RANGE',
        `${at}, but that is behind its end: the topic was made anew, or has lost its end; move the group to where it is to go on, or forget it`,
      )
    warn(
      `${at}, but retention has removed everything before ${first}: ${first - partition.fetchAt} records are lost to it; lengthen log.retention, or speed the group up`,
    )
    partition.jump(first)
  }

  function revoke(partitions: readonly HeldPartition[]): void {
    for (const partition of partitions) held.delete(placeName(partition))
    const known = partitions.filter(({ fresh }) => fresh === undefined)
    if (known.length > 0) subscription.onRevoked(known.map(({ topic, partition }) => ({ topic, partition })))
  }

  /** Follows the group: joins it (again), gives up what is no longer its own, takes over what is new. */
  async function follow(): Promise<void> {
    if (due === 'afresh') {
      revoke([...held.values()])
      leaveWriter()
    }
    due = 'nothing'
    try {
      const member = membership.member
      joining = true
      const assigned = await membership.join([...held.values()]).finally(() => {
        joining = false
      })
      if (!writer || membership.member !== member) {
        // Another member now: what the former one had open is aborted with its id
        revoke([...held.values()])
        leaveWriter()
      }
      const names = new Set(assigned.map(placeName))
      revoke([...held.values()].filter((partition) => !names.has(placeName(partition))))
      await takeOver(assigned.filter((place) => !held.has(placeName(place))))
      recovered()
    } catch (cause) {
      const lost = cause instanceof ConnectorError ? cause.code === 'FENCED' : isFenced(cause)
      const away = cause instanceof ConnectorError ? cause.retryable : isPassing(cause)
      if ((!lost && !away) || isFault(cause, 'FENCED_INSTANCE_ID'))
        throw connectorError(cause, `joining the group "${group}"`)
      due = 'afresh'
      faulty(cause)
      await sleep(rejoinPauseMs, undefined, { signal: stopped.signal }).catch(() => {})
    }
    fetcher.wake()
  }

  function leaveWriter(): void {
    writer?.close()
    writer = undefined
  }

  async function takeOver(places: readonly Place[]): Promise<void> {
    if (!writer) {
      const id = transactionalId(group, membership.instance ?? membership.member)
      const opened =
        guarantee === 'exactly-once' ? new Transactions(cluster, id) : new AtLeastOnce(cluster, id)
      await opened.open()
      writer = opened
    }
    if (places.length === 0) return
    if (guarantee === 'exactly-once') await abortAbandoned(cluster, group)
    const { committed, fresh } = await startingAt(cluster, group, places, subscription.from)
    for (const start of committed) held.set(placeName(start), new HeldPartition(start, true))
    for (const start of fresh) held.set(placeName(start), new HeldPartition(start, false))
  }

  async function announce(): Promise<void> {
    const fresh = [...held.values()].filter((partition) => partition.fresh !== undefined)
    if (fresh.length === 0) return
    const committed = fresh.flatMap((partition) => partition.fresh ?? [])
    for (const partition of fresh) partition.fresh = undefined
    await subscription.onAssigned(committed)
  }

  function missed(cause: unknown): void {
    if (isPassing(cause) || due === 'afresh') return
    if (isFault(cause, 'REBALANCE_IN_PROGRESS')) due = 'rejoin'
    else if (isFenced(cause) && !isFault(cause, 'FENCED_INSTANCE_ID')) {
      due = 'afresh'
      membership.forget()
      inHand?.abort()
    } else fail(cause)
    alarm.ring()
  }

  function outgrown(): void {
    if (due !== 'nothing') return
    due = 'rejoin'
    alarm.ring()
  }

  /** The next claim's batches, or the milliseconds to wait for some. */
  function next(): readonly Records[] | number {
    const ready = [...held.values()].filter(({ records, fresh }) => records > 0 && fresh === undefined)
    const records = ready.reduce((sum, partition) => sum + partition.records, 0)
    if (records === 0) {
      firstSeen = undefined
      return heartbeatMs
    }
    firstSeen ??= monotonicNow()
    const linger = firstSeen + subscription.lingerMs - monotonicNow()
    if (records < subscription.minRecords && linger > 0) return linger
    firstSeen = undefined
    return fill(ready, subscription, turn++, (partition, most, bytes) => partition.peek(most, bytes))
  }

  async function work(batches: readonly Records[]): Promise<void> {
    const partitions = batches.map((records) => held.get(placeName(records)) as HeldPartition)
    const mine = openClaim(group, membership, writer as Writer, batches, partitions)
    inHand = mine
    try {
      await subscription.onClaim(mine.claim)
    } catch (cause) {
      // Another has it now, or its state: nothing is left to do about it here but to ask the group anew
      if (!(cause instanceof ConnectorError && cause.code === 'FENCED')) throw cause
      due = 'afresh'
    } finally {
      mine.end()
      inHand = undefined
    }
    if (mine.lost) due = 'afresh'
    fetcher.wake()
    // Timers and sockets get their turn even where the work never waits
    await new Promise(setImmediate)
  }

  /**
   * Moves the group past what it is not to see (aborted records, ends of transactions), so that it has no lag; and notes
   * where it begins, so that its lag can be told before its first batch.
   */
  async function catchUp(): Promise<void> {
    const behind = [...held.values()].filter(
      (one) =>
        one.fresh === undefined &&
        !one.metadata &&
        (!one.positioned || (one.records === 0 && one.fetchAt > one.committed)),
    )
    if (behind.length === 0) return
    const { generation, member, instance } = membership
    const positions = behind.map(({ topic, partition, records, fetchAt, committed }) => ({
      topic,
      partition,
      offset: records === 0 ? fetchAt : committed,
      metadata: undefined,
    }))
    // Where it fails, the next one takes it along
    const done = await commitPositions(cluster, { group, generation, member, instance, positions }).catch(
      () => 'failed',
    )
    if (done === 'failed') return
    for (const [i, partition] of behind.entries()) partition.moved(positions[i] as Committed)
  }

  async function run(): Promise<void> {
    const endHeartbeat = startHeartbeat(
      { membership, joining: () => joining, missed, outgrown },
      cluster.settings,
    )
    try {
      while (!stopped.signal.aborted) {
        alarm.reset()
        if (due !== 'nothing') {
          await unlessStopped(follow())
          continue
        }
        await announce()
        await unlessStopped(catchUp())
        // Given up meanwhile: the group must be followed before anything is committed
        if (due !== 'nothing') continue
        const found = next()
        if (typeof found !== 'number') await work(found)
        else await alarm.wait(found)
      }
    } finally {
      endHeartbeat()
      fetcher.stop()
      revoke([...held.values()])
      leaveWriter()
      await membership.leave()
    }
    if (failure !== undefined) throw failure
  }

  /** A rebalance may wait for other members, a broker may hang: who stops doesn't. */
  async function unlessStopped(work: Promise<void>): Promise<void> {
    let end = () => {}
    const aborted = new Promise<void>((resolve) => {
      end = resolve
      stopped.signal.addEventListener('abort', end, { once: true })
    })
    await Promise.race([work, aborted])
    stopped.signal.removeEventListener('abort', end)
    if (stopped.signal.aborted) work.catch(() => {})
  }

  const done = run()
  return {
    done,
    get assigned() {
      return [...held.values()].map(({ topic, partition }) => ({ topic, partition }))
    },
    async stop() {
      stopped.abort()
      alarm.ring()
      await done.catch(() => {})
    },
  }
}
