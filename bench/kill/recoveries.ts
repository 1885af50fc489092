import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../connectors/log/log.ts'

const lookEveryMs = 100

/** How far each partition of each topic reaches, and each group has come, by "topic/partition". */
interface Sight {
  readonly latest: ReadonlyMap<string, number>
  readonly committed: ReadonlyMap<string, ReadonlyMap<string, number>>
}

/** A fault, until what came in before the first look behind it is done. */
interface Wait {
  readonly kind: string
  readonly group: string
  readonly since: number
  /** Unknown until that look: what came in meanwhile can't have been done by those that the fault has hit. */
  goals: ReadonlyMap<string, number> | undefined
}

/** Measures from outside how long the groups take to go on after a fault. */
export class Recoveries {
  /** Milliseconds, by kind: from a fault until everything that the group's topics held just after it was committed. */
  readonly ms = new Map<string, number[]>()
  readonly #waits = new Set<Wait>()
  readonly #stopping = new AbortController()
  readonly #done: Promise<void>

  constructor(private readonly log: Log) {
    this.#done = this.#watch()
  }

  /** A fault of this kind hits a group now. */
  begin(kind: string, group: string): void {
    this.#waits.add({ kind, group, since: performance.now(), goals: undefined })
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#done
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const lookedAt = performance.now()
      // Brokers that are away say nothing: the next look counts
      const sight = await look(this.log).catch(() => undefined)
      for (const wait of this.#waits) if (sight && wait.since < lookedAt) this.#see(wait, sight)
      await sleep(lookEveryMs, undefined, { signal }).catch(() => {})
    }
  }

  #see(wait: Wait, { latest, committed }: Sight): void {
    wait.goals ??= latest
    const positions = committed.get(wait.group)
    if (!positions) return
    for (const [place, offset] of positions) if (offset < (wait.goals.get(place) ?? 0)) return
    this.#waits.delete(wait)
    const times = this.ms.get(wait.kind) ?? []
    times.push(Math.round(performance.now() - wait.since))
    this.ms.set(wait.kind, times)
  }
}

async function look(log: Log): Promise<Sight> {
  const [topics, groups] = await Promise.all([log.topics(), log.groups()])
  const latest = topics.flatMap(({ name, offsets }) =>
    offsets.map((one, partition) => [`${name}/${partition}`, one.latest] as const),
  )
  const committed = groups.map(
    ({ group, committed }) =>
      [
        group,
        new Map(committed.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset])),
      ] as const,
  )
  return { latest: new Map(latest), committed: new Map(committed) }
}
