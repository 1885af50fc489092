import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../connectors/log/log.ts'

const lookEveryMs = 20

/** Where a partition of the group was last seen to stand, and since when it has stood there with something to read. */
interface Stand {
  offset: number
  since: number | undefined
}

/** Measures from outside how long the partitions of a group stand still although there is something to read. */
export class Pauses {
  readonly #stands = new Map<string, Stand>()
  readonly #stopping = new AbortController()
  readonly #done: Promise<void>
  #longest = 0

  constructor(
    private readonly log: Log,
    private readonly group: string,
  ) {
    this.#done = this.#watch()
  }

  /** The longest pause of any partition since this was called last, in milliseconds; up to a look too long. */
  take(): number {
    const longest = this.#longest
    this.#longest = 0
    return Math.round(longest)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#done
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await this.#look()
      await sleep(lookEveryMs, undefined, { signal }).catch(() => {})
    }
  }

  async #look(): Promise<void> {
    const now = performance.now()
    const committed = (await this.log.groups()).find(({ group }) => group === this.group)?.committed ?? []
    const topics = new Map((await this.log.topics()).map(({ name, offsets }) => [name, offsets]))
    for (const { topic, partition, offset } of committed) {
      const stand = this.#stands.get(`${topic}/${partition}`) ?? { offset: -1, since: undefined }
      this.#stands.set(`${topic}/${partition}`, stand)
      if (stand.since !== undefined) this.#longest = Math.max(this.#longest, now - stand.since)
      const behind = offset < (topics.get(topic)?.[partition]?.latest ?? 0)
      if (!behind || offset !== stand.offset) stand.since = behind ? now : undefined
      stand.offset = offset
    }
  }
}
