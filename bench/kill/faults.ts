import { setTimeout as sleep } from 'node:timers/promises'
import type { Deployment } from './deployment.ts'
import type { Recoveries } from './recoveries.ts'
import { type Fault, points, type Role, type Step } from './schedule.ts'
import type { RealServers } from './servers.ts'

export interface FaultsReport {
  /** By kind of process, at random moments. */
  readonly kills: Readonly<Record<string, number>>
  /** By kind of process and named point; all of them, also those that nobody died at. */
  readonly points: Readonly<Record<string, number>>
  /** Members that joined or left; zombies and kills make some more. */
  readonly rebalances: number
  /** Zombies, clock jumps and outages, by kind. */
  readonly others: Readonly<Record<string, number>>
  /** How often a process ended by itself, with an error. */
  readonly gaveUp: Readonly<Record<string, number>>
}

/** Members that come and go have this number. */
const guest = 3

/** Over the session's time-out, until the group has heard of it and others have taken over. */
const takeOverMs = 1500

/** Does to a deployment what a schedule says. */
export class Faults {
  readonly #kills = new Map<string, number>()
  readonly #points = new Map(points.map(({ role, point }) => [`${role} ${point}`, 0]))
  readonly #others = new Map<string, number>()
  readonly #gaveUp = new Map<string, number>()
  #rebalances = 0
  /** One server is away at a time. */
  #outage: Promise<unknown> = Promise.resolve()
  #away = false
  /** One member comes or goes at a time. */
  #guests: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly deployment: Deployment,
    private readonly servers: RealServers,
    private readonly recoveries: Recoveries,
    private readonly sessionTimeoutMs: number,
  ) {}

  /**
   * Faults begin one after the other, and take what they take: several are at work at a time.
   * @throws what one of them does
   */
  async run(
    schedule: readonly Step[],
    budgetMs: number,
    random: () => number,
    onFault: (what: string, number: number, of: number) => void = () => {},
  ): Promise<void> {
    const until = performance.now() + budgetMs
    const working = new Set<Promise<void>>()
    let failed: Error | undefined
    for (const [index, { gapMs, fault }] of schedule.entries()) {
      await sleep(gapMs)
      // Each fault has a process to itself: not more of them than processes
      while (working.size >= this.deployment.parts.length) await Promise.race(working)
      if (performance.now() > until || failed) break
      onFault(nameOf(fault), index + 1, schedule.length)
      const work: Promise<void> = this.#do(fault, random())
        .catch((error: Error) => {
          failed ??= new Error(`${nameOf(fault)}: ${error.message}; ${this.deployment.health()}`, {
            cause: error,
          })
        })
        .finally(() => working.delete(work))
      working.add(work)
    }
    await Promise.all(working)
    if (failed) throw failed
  }

  report(): FaultsReport {
    for (const { name, gaveUp } of this.deployment.parts) this.#gaveUp.set(name, gaveUp)
    return {
      kills: Object.fromEntries(this.#kills),
      points: Object.fromEntries(this.#points),
      rebalances: this.#rebalances,
      others: Object.fromEntries(this.#others),
      gaveUp: Object.fromEntries(this.#gaveUp),
    }
  }

  async #do(fault: Fault, random: number): Promise<void> {
    const { deployment, recoveries } = this
    const excused = () => this.#away
    switch (fault.kind) {
      case 'kill':
        return deployment.alone(fault.role, random, async (part) => {
          count(this.#kills, fault.role)
          this.#wait(fault.role, 'kill')
          await part.kill()
        })
      case 'points':
        return deployment.alone(fault.role, random, async (part) => {
          count(this.#kills, fault.role)
          const onDeath = (order: string) => {
            count(this.#points, `${fault.role} ${order.split(':')[0]}`)
            // Before, it had no time to recover
            if (order === fault.orders.at(-1)) this.#wait(fault.role, 'named point')
          }
          await part.dieAt(fault.orders, onDeath, excused)
        })
      case 'all':
        for (const role of ['conversation', 'sink'] as const) this.#wait(role, 'all')
        count(this.#kills, 'all at once')
        await Promise.all(deployment.parts.map((part) => part.kill()))
        return
      case 'member':
        this.#guests = this.#guests.then(() => this.#comeOrGo(fault.role))
        await this.#guests
        return
      case 'zombie':
        return deployment.alone(fault.role, random, async (part) => {
          count(this.#others, `zombie ${fault.role} ${fault.point}`)
          await part.sleepAt(`${fault.point}:2`, this.sessionTimeoutMs + takeOverMs, excused)
        })
      case 'clock':
        return deployment.alone(fault.role, random, async (part) => {
          count(this.#others, 'clock jump')
          part.signal('SIGUSR2')
        })
      case 'outage':
        this.#outage = this.#outage.then(async () => {
          count(this.#others, `${fault.which} away`)
          if (fault.which !== 'clickhouse') recoveries.begin(`${fault.which} away`, 'conversation')
          else recoveries.begin('clickhouse away', 'sink')
          this.#away = true
          await this.servers.away(fault.which, fault.ms)
          this.#away = false
        })
        await this.#outage
    }
  }

  async #comeOrGo(role: 'conversation' | 'sink'): Promise<void> {
    this.#rebalances++
    this.#wait(role, 'rebalance')
    const present = this.deployment.find(`${role}-${guest}`)
    if (present) await this.deployment.remove(present)
    else this.deployment.add(role, guest)
  }

  #wait(role: Role, kind: string): void {
    if (role === 'conversation' || role === 'sink') this.recoveries.begin(`${kind} ${role}`, role)
  }
}

const nameOf = (fault: Fault): string =>
  [fault.kind, 'role' in fault ? fault.role : '', 'which' in fault ? fault.which : '']
    .filter(Boolean)
    .join(' ')

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
