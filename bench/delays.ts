import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../connectors/log/log.ts'
import { nextOffset, offsetAt } from '../connectors/log/records.ts'
import type { Figure } from './machine.ts'

/** When a group was seen to have passed an offset of a partition. */
interface Passed {
  readonly partition: number
  readonly offset: number
  readonly at: number
}

const lookMs = 10
const readBytes = 16 << 20

/**
 * Watches how a group moves through a topic, from outside: it sees each commit at most 10 ms late, so delays are
 * overstated by as much, never understated.
 */
export class GroupWatch {
  readonly #passed: Passed[] = []
  readonly #last = new Map<number, number>()
  readonly #running: Promise<void>
  #stopping = false

  constructor(
    private readonly log: Log,
    private readonly group: string,
    private readonly topic: string,
  ) {
    this.#running = this.#watch()
  }

  /**
   * Stops watching.
   * @param from leaves out records that happened before, in milliseconds since the epoch
   * @returns milliseconds from each record's own time to the commit behind it
   */
  async delays(from: number): Promise<readonly number[]> {
    this.#stopping = true
    await this.#running
    await this.#look()
    const delays: number[] = []
    for (const partition of this.#last.keys())
      for await (const { at, seen } of this.#seenOf(partition)) if (at >= from) delays.push(seen - at)
    return delays
  }

  async #watch(): Promise<void> {
    while (!this.#stopping) {
      await this.#look()
      await sleep(lookMs)
    }
  }

  async #look(): Promise<void> {
    const group = (await this.log.groups()).find((one) => one.group === this.group)
    const at = Date.now()
    for (const { topic, partition, offset } of group?.committed ?? []) {
      if (topic !== this.topic || this.#last.get(partition) === offset) continue
      this.#last.set(partition, offset)
      this.#passed.push({ partition, offset, at })
    }
  }

  async *#seenOf(partition: number): AsyncGenerator<{ at: number; seen: number }> {
    const passed = this.#passed.filter((one) => one.partition === partition)
    const end = passed.at(-1)?.offset ?? 0
    let turn = 0
    for (let offset = 0; offset < end; ) {
      const records = await this.log.read(this.topic, partition, offset, readBytes)
      if (!records) return
      for (let i = 0; i < records.count && offsetAt(records, i) < end; i++) {
        while ((passed[turn] as Passed).offset <= offsetAt(records, i)) turn++
        yield { at: records.timestamps[i] as number, seen: (passed[turn] as Passed).at }
      }
      offset = nextOffset(records)
    }
  }
}

/** In milliseconds. */
export interface Quantiles {
  readonly p50: number
  readonly p99: number
  readonly 'p99.9': number
}

export function quantiles(values: Iterable<number>): Quantiles {
  const sorted = Float64Array.from(values).sort()
  const quantile = (q: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
  return { p50: quantile(0.5), p99: quantile(0.99), 'p99.9': quantile(0.999) }
}

/** @param atMost what the project promises of the 99th percentile */
export const times = (name: string, { p50, p99, 'p99.9': p999 }: Quantiles, atMost?: number): Figure[] => [
  { name: `${name}, p50`, value: p50, unit: 'ms' },
  { name: `${name}, p99`, value: p99, unit: 'ms', ...(atMost === undefined ? {} : { atMost }) },
  { name: `${name}, p99.9`, value: p999, unit: 'ms' },
]
