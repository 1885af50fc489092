import type { CrashPoint } from '../../connectors/crash.ts'
import { randomFrom, shuffled } from '../../language/random.ts'
import type { Outage } from './servers.ts'

/** The kinds of process of a deployment. */
export const roles = ['conversation', 'sink', 'gateway', 'ingest'] as const
export type Role = (typeof roles)[number]

const moments = ['before', 'during', 'after'] as const

/** What each kind of process does that it may die of. */
const works = {
  conversation: ['store.claim', 'store.load', 'store.save', 'log.commit'],
  sink: ['log.record', 'olap.insert', 'log.commit'],
  gateway: ['producer.append'],
  ingest: ['producer.append'],
} as const satisfies Record<Role, readonly string[]>

/** Every named point of every kind of process. */
export const points: readonly { readonly role: Role; readonly point: CrashPoint }[] = roles.flatMap((role) =>
  works[role].flatMap((work) =>
    moments.map((moment) => ({ role, point: `${work}.${moment}` as CrashPoint })),
  ),
)

/** Where an owner that stops has the most in hand. */
const sleepingPoints: readonly { readonly role: Role; readonly point: CrashPoint }[] = [
  { role: 'sink', point: 'olap.insert.before' },
  { role: 'conversation', point: 'log.commit.before' },
  { role: 'conversation', point: 'store.save.before' },
  { role: 'sink', point: 'log.commit.during' },
  { role: 'conversation', point: 'log.commit.during' },
  { role: 'sink', point: 'log.record.after' },
]

/**
 * One fault.
 * - `kill`: SIGKILL at a random moment
 * - `points`: the same, and then at each of these orders of `MURMUR_CRASH` in turn
 * - `all`: every process at once
 * - `member`: one more member joins the group or, where it is there, leaves it
 * - `zombie`: an owner stops at that point until its session is over and others have its work, and then goes on
 * - `clock`: the wall clock of a process jumps by an hour
 * - `outage`: servers die, and come back after so long
 */
export type Fault =
  | { readonly kind: 'kill'; readonly role: Role }
  | { readonly kind: 'points'; readonly role: Role; readonly orders: readonly string[] }
  | { readonly kind: 'all' }
  | { readonly kind: 'member'; readonly role: 'conversation' | 'sink' }
  | { readonly kind: 'zombie'; readonly role: Role; readonly point: CrashPoint }
  | { readonly kind: 'clock'; readonly role: Role }
  | { readonly kind: 'outage'; readonly which: Outage; readonly ms: number }

export interface Step {
  /** Milliseconds to wait before it. */
  readonly gapMs: number
  readonly fault: Fault
}

export interface Amounts {
  /** How often each kind of process dies at each named point. */
  readonly rounds: number
  /** So many named points follow each other in one process, without a moment's rest. */
  readonly chain: number
  /** Kills of one process at a random moment, beside those. */
  readonly kills: number
  /** Kills of all processes at once. */
  readonly falls: number
  readonly rebalances: number
  readonly zombies: number
  readonly clockJumps: number
  /** Of each kind of server. */
  readonly outages: number
  /** How long ClickHouse is away; the others come back at once. */
  readonly clickhouseAwayMs: number
  readonly maxGapMs: number
}

/** The same seed gives the same faults in the same order. */
export function makeSchedule(seed: number, amounts: Amounts): Step[] {
  const random = randomFrom(seed)
  const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)] as T
  const chains = roles.flatMap((role) => {
    const own = points.filter((one) => one.role === role).map(({ point }) => point)
    const orders = times(amounts.rounds, () => shuffled(own, random))
      .flat()
      // A member may take over no more than one partition
      .map((point) => `${point}:${point.startsWith('store.claim') ? 1 : 1 + Math.floor(random() * 3)}`)
    const count = Math.ceil(orders.length / amounts.chain)
    return times(count, (i): Fault => {
      const of = orders.slice(i * amounts.chain, (i + 1) * amounts.chain)
      return { kind: 'points', role, orders: of }
    })
  })
  const faults: Fault[] = [
    ...chains,
    ...times(amounts.kills, (): Fault => ({ kind: 'kill', role: pick(roles) })),
    ...times(amounts.falls, (): Fault => ({ kind: 'all' })),
    ...times(amounts.rebalances, (): Fault => ({ kind: 'member', role: pick(['conversation', 'sink']) })),
    ...times(
      amounts.zombies,
      (index): Fault => ({
        kind: 'zombie',
        ...(sleepingPoints[index % sleepingPoints.length] as (typeof sleepingPoints)[number]),
      }),
    ),
    ...times(amounts.clockJumps, (): Fault => ({ kind: 'clock', role: pick(roles) })),
    ...times(amounts.outages, (): Fault => ({ kind: 'outage', which: 'broker', ms: 0 })),
    ...times(amounts.outages, (): Fault => ({ kind: 'outage', which: 'redis', ms: 0 })),
    ...times(
      amounts.outages,
      (): Fault => ({ kind: 'outage', which: 'clickhouse', ms: amounts.clickhouseAwayMs }),
    ),
  ]
  return shuffled(faults, random).map((fault) => ({ gapMs: random() * amounts.maxGapMs, fault }))
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
