import type { Figure } from './machine.ts'

/** CPU time of this process, all of its threads included, by what it was spent on. */
export class Ledger {
  readonly #spent = new Map<string, number>()

  /** Books what the process takes until the work is done. Work that waits must not overlap with other work. */
  async during<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const before = process.cpuUsage()
    const result = await work()
    const { user, system } = process.cpuUsage(before)
    this.#spent.set(name, (this.#spent.get(name) ?? 0) + user + system)
    return result
  }

  /** Microseconds. */
  spent(name: string): number {
    return this.#spent.get(name) ?? 0
  }

  figure(label: string, name: string, count: number): Figure {
    return { name: label, value: this.spent(name) / count, unit: 'CPU µs/utterance' }
  }
}
