import type { Environment } from '../../embedded/environment.ts'
import { monotonicNow } from '../../embedded/process.ts'
import { ConnectorError } from '../../errors.ts'
import { Alarm } from '../alarm.ts'
import { placeName } from '../assign.ts'
import { fill } from '../fill.ts'
import type { Committed, Consumer, Subscription } from '../log.ts'
import type { Records } from '../records.ts'
import { backlogOf, type OpenClaim, openClaim } from './claims.ts'
import { join, type Partition } from './membership.ts'
import { readFrom } from './partitions.ts'
import type { Signals } from './signals.ts'

export interface Timing {
  /** How long a member may stay silent before its partitions go to others, in milliseconds. */
  readonly leaseMs: number
  /** How often a member gives a sign of life, and looks around in case that a signal was lost. */
  readonly heartbeatMs: number
}

/** Joins the group, and works until `stop`. */
export function startConsumer(
  environment: Environment,
  signals: Signals,
  subscription: Subscription,
  { leaseMs, heartbeatMs }: Timing,
): Consumer {
  const { group, topics } = subscription
  const groupSignal = `@${encodeURIComponent(group)}`
  const membership = join(environment, subscription, leaseMs)
  const alarm = new Alarm()
  let inHand: OpenClaim | undefined
  let stopping = false
  let failure: unknown
  let turn = 0
  let firstSeen: number | undefined

  function follow(): void {
    if (!membership.follow(inHand?.partitions ?? [], dropped)) return
    signals.raise(groupSignal)
    alarm.ring()
  }

  function dropped(gone: readonly Partition[]): void {
    if (inHand?.partitions.some((partition) => gone.includes(partition))) inHand.abort()
    revoked(gone)
  }

  /** Partitions that `onAssigned` never heard of go without a word. */
  function revoked(gone: readonly Partition[]): void {
    const known = gone.filter(({ fresh }) => fresh === undefined)
    if (known.length > 0) subscription.onRevoked(known.map(({ topic, partition }) => ({ topic, partition })))
  }

  function tick(): void {
    try {
      membership.beat()
      follow()
    } catch (cause) {
      // A full or silent disk may come back: the lease lasts a while.
      if (cause instanceof ConnectorError && cause.retryable) return
      failure ??= cause
      stopping = true
      inHand?.abort()
    }
    alarm.ring()
  }

  async function announce(): Promise<void> {
    const fresh = [...membership.held.values()].filter((partition) => partition.fresh !== undefined)
    if (fresh.length === 0) return
    const committed = fresh.map((partition) => partition.fresh as Committed)
    for (const partition of fresh) partition.fresh = undefined
    await subscription.onAssigned(committed)
  }

  /** The next claim's batches, or the milliseconds to wait for some. */
  function next(): readonly Records[] | number {
    environment.refresh()
    const ready = [...membership.held.values()].filter(({ fresh }) => fresh === undefined)
    const backlog = backlogOf(environment, ready)
    if (backlog.records === 0) {
      firstSeen = undefined
      return heartbeatMs
    }
    firstSeen ??= monotonicNow()
    const linger = firstSeen + subscription.lingerMs - monotonicNow()
    if (backlog.records < subscription.minRecords && linger > 0) return linger
    firstSeen = undefined
    return fill(backlog.from, subscription, turn++, ({ topic, partition, offset }, most, bytes) =>
      readFrom(environment, topic, partition, offset, most, bytes),
    )
  }

  async function work(batches: readonly Records[]): Promise<void> {
    const partitions = batches.map((records) => membership.held.get(placeName(records)) as Partition)
    const raise = (grown: Iterable<string>) => {
      for (const topic of grown) signals.raise(topic)
    }
    const mine = openClaim(environment, group, membership.id, batches, partitions, raise)
    inHand = mine
    try {
      await subscription.onClaim(mine.claim)
    } catch (cause) {
      // Another has it now, or its state: what is still this member's is taken over anew.
      if (!(cause instanceof ConnectorError && cause.code === 'FENCED')) throw cause
      revoked(partitions)
      membership.renew(partitions)
    } finally {
      mine.end()
      inHand = undefined
    }
    if (mine.claim.signal.aborted || membership.overdue) follow()
    // Timers and sockets get their turn even where the work never waits.
    await new Promise(setImmediate)
  }

  async function run(): Promise<void> {
    const unlisten = signals.listen(topics, () => alarm.ring())
    const unfollow = signals.listen([groupSignal], tick)
    const timer = setInterval(tick, heartbeatMs)
    try {
      follow()
      while (!stopping) {
        alarm.reset()
        await announce()
        const found = stopping ? 0 : next()
        if (typeof found === 'number') await alarm.wait(found)
        else await work(found)
      }
    } finally {
      unlisten()
      unfollow()
      clearInterval(timer)
      revoked(membership.leave())
      signals.raise(groupSignal)
    }
    if (failure !== undefined) throw failure
  }

  const done = run()
  return {
    done,
    get assigned() {
      return [...membership.held.values()].map(({ topic, partition }) => ({ topic, partition }))
    },
    async stop() {
      stopping = true
      alarm.ring()
      await done.catch(() => {})
    },
  }
}
