import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcessorHealth } from '../../streams/health.ts'
import { ended, isRunning, type Processes } from './processes.ts'

export interface PartSettings {
  readonly name: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Where what it says is kept. */
  readonly log: string
}

const restartAfterMs = 50
const reachedWithinMs = 90_000

/** One process of a deployment, started again whenever it ends, as an orchestrator does. */
export class Part {
  /** How often it ended with an error. */
  gaveUp = 0
  #child: ChildProcess
  #health: ProcessorHealth | undefined
  /** Those that did not die by their own hand. */
  readonly #killed = new WeakSet<ChildProcess>()
  /** Where it is to end next, as `MURMUR_CRASH` has it. */
  #orders: string[] = []
  #wanted = true

  constructor(
    private readonly processes: Processes,
    readonly settings: PartSettings,
  ) {
    this.#child = this.#start()
  }

  get name(): string {
    return this.settings.name
  }

  /** What it reported last; undefined for what is no processor, or has just started. */
  get health(): ProcessorHealth | undefined {
    return this.#health
  }

  get pid(): number {
    return this.#child.pid as number
  }

  /** SIGKILL. Resolves when it is started again. */
  async kill(): Promise<void> {
    const killed = this.#child
    this.#killed.add(killed)
    killed.kill('SIGKILL')
    await this.#replaced(killed)
  }

  /**
   * Kills it; it ends again, by its own hand, at each of the orders in turn. Resolves when it runs after the last.
   * @param onDeath told each order that it has died of
   * @param excused whether a server is away just now, without which it can't get on
   */
  async dieAt(
    orders: readonly string[],
    onDeath: (order: string) => void,
    excused: () => boolean,
  ): Promise<void> {
    this.#orders = [...orders]
    await this.kill()
    for (const order of orders) {
      await this.#reaches(order, () => this.#orders[0] !== order, excused)
      onDeath(order)
    }
    await this.#replaced(undefined)
  }

  /** Kills it; it stops as it is ordered, with everything in hand, and goes on after so many milliseconds. */
  async sleepAt(order: string, ms: number, excused: () => boolean): Promise<void> {
    this.#orders = [`${order}:SIGSTOP`]
    await this.kill()
    await this.#reaches(order, () => isStopped(this.pid), excused)
    this.#orders = []
    await sleep(ms)
    this.#child.kill('SIGCONT')
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** SIGKILL; it is not started again. */
  abandon(): void {
    this.#wanted = false
    this.#child.kill('SIGKILL')
  }

  /** SIGTERM; it is not started again. */
  async stop(): Promise<void> {
    this.#wanted = false
    this.#child.kill('SIGTERM')
    await ended(this.#child)
  }

  #start(): ChildProcess {
    const { args, env, log } = this.settings
    const [order] = this.#orders
    const armed = order === undefined ? env : { ...env, MURMUR_CRASH: order }
    this.#health = undefined
    const onHealth = (health: ProcessorHealth) => {
      this.#health = health
    }
    const child = this.processes.start(args, { env: armed, log, onHealth })
    child.once('exit', (code, signal) => {
      if (signal !== 'SIGKILL' && code !== 0 && this.#wanted) this.gaveUp++
      const byItself = signal === 'SIGKILL' && !this.#killed.has(child)
      if (byItself && this.#orders[0] === order) this.#orders.shift()
      if (code === 0) this.#wanted = false
      setTimeout(() => {
        if (this.#wanted) this.#child = this.#start()
      }, restartAfterMs)
    })
    return child
  }

  async #reaches(order: string, reached: () => boolean, excused: () => boolean): Promise<void> {
    for (let deadline = performance.now() + reachedWithinMs; !reached(); await sleep(10)) {
      if (excused()) deadline = performance.now() + reachedWithinMs
      if (performance.now() < deadline) continue
      throw new Error(`${this.name} does not reach "${order}", see ${this.settings.log}`)
    }
  }

  /** Waits until another process than this one runs. */
  async #replaced(child: ChildProcess | undefined): Promise<void> {
    while (this.#wanted && (this.#child === child || !isRunning(this.#child))) await sleep(5)
  }
}

/** Whether a signal has stopped the process. */
function isStopped(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat[stat.lastIndexOf(')') + 2] === 'T'
  } catch {
    return false
  }
}
