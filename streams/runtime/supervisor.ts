import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ProcessorHealth } from '../health.ts'
import { delayBefore } from './retry.ts'

export interface SupervisorSettings {
  /** The processors, and how many processes each gets. */
  readonly processors: readonly { readonly name: string; readonly instances: number }[]
  /** The program and arguments that run one processor; its name is added. */
  readonly command: readonly [string, ...string[]]
  /** Folder for the marks by which a deadly record is found. */
  readonly folder: string
  /** A process that reports no health for so long is killed. */
  readonly silentAfterMs?: number
  readonly onExit?: (name: string, why: string) => void
}

export interface Supervisor {
  health(): readonly ProcessorHealth[]
  /** Asks every process to finish its batch, and waits. */
  stop(): Promise<void>
}

/** What a child is told, in the variable `MURMUR_PROCESS`. */
export interface ChildOrders {
  readonly instance: string
  /** Records to refuse unseen, as "topic/partition/offset". */
  readonly deadly: readonly string[]
  /** Where to note each record before it is processed; absent unless the process keeps dying. */
  readonly mark?: string
}

const restart = { firstMs: 100, maxMs: 5000 }
const fruitless = 3
const deadlyAfter = 3

/**
 * Keeps one child process a processor instance alive. A child that keeps dying without progress is made to note
 * each record before it processes it; a record that was noted at three deaths in a row is refused from then on.
 */
export function supervise(settings: SupervisorSettings): Supervisor {
  const children = settings.processors.flatMap(({ name, instances }) =>
    Array.from({ length: instances }, (_, index) => new Child(name, `${name}-${index + 1}`, settings)),
  )
  return {
    health: () => children.map((child) => child.health()),
    async stop() {
      await Promise.all(children.map((child) => child.stop()))
    },
  }
}

class Child {
  #process: ChildProcess | undefined
  #health: ProcessorHealth
  #heardAt = performance.now()
  #progress = false
  #deaths = 0
  #marked: { id: string; times: number } | undefined
  readonly #deadly: string[] = []
  #stopping = false
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly name: string,
    private readonly instance: string,
    private readonly settings: SupervisorSettings,
  ) {
    this.#health = { name, instance, state: 'starting' }
    this.#start()
  }

  health(): ProcessorHealth {
    const silent = performance.now() - this.#heardAt
    const limit = this.settings.silentAfterMs ?? 60_000
    if (silent > limit) this.#process?.kill('SIGKILL')
    if (silent < limit / 4) return this.#health
    return {
      ...this.#health,
      state: 'stuck',
      reason: `the process has not answered for ${Math.round(silent / 1000)} s`,
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#timer)
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    await new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      child.kill('SIGTERM')
    })
  }

  get #markFile(): string {
    return join(this.settings.folder, `${this.instance}.mark`)
  }

  #start(): void {
    const [program, ...args] = this.settings.command
    const orders: ChildOrders = {
      instance: this.instance,
      deadly: this.#deadly,
      ...(this.#deaths >= fruitless ? { mark: this.#markFile } : {}),
    }
    this.#progress = false
    this.#heardAt = performance.now()
    const child = spawn(program, [...args, this.name], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, MURMUR_PROCESS: JSON.stringify(orders) },
    })
    this.#process = child
    child.on('message', (health: ProcessorHealth) => {
      this.#health = health
      this.#heardAt = performance.now()
      if ((health.counts?.batches ?? 0) > 0) this.#progress = true
    })
    child.once('error', (error) => this.#died(error.message))
    child.once('exit', (code, signal) => this.#died(signal ? `killed by ${signal}` : `exit code ${code}`))
  }

  #died(why: string): void {
    if (this.#stopping) return
    this.#deaths = this.#progress ? 1 : this.#deaths + 1
    if (this.#deaths > fruitless) this.#suspect()
    const reason = `the process died (${why}) and is started again`
    this.#health = { name: this.name, instance: this.instance, state: 'starting', reason }
    this.settings.onExit?.(this.instance, why)
    this.#timer = setTimeout(() => this.#start(), delayBefore(this.#deaths, restart))
  }

  #suspect(): void {
    let id: string
    try {
      id = readFileSync(this.#markFile, 'utf8')
      rmSync(this.#markFile)
    } catch {
      return
    }
    this.#marked = { id, times: this.#marked?.id === id ? this.#marked.times + 1 : 1 }
    if (this.#marked.times < deadlyAfter) return
    this.#deadly.push(id)
    this.#deaths = 0
    this.#marked = undefined
  }
}
