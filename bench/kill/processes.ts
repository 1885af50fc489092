import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, runningPipeline } from '../../cli/running.ts'
import { packageRoot } from '../../schemas/root.ts'
import type { HealthReport, ProcessorHealth } from '../../streams/health.ts'

const program = join(packageRoot(), 'dist', 'murmur.js')
const readyWithinMs = 60_000

/** A command to start. */
interface Start {
  readonly env?: Readonly<Record<string, string>>
  /** The file that takes what it says, behind what is there; nobody hears it unless told. */
  readonly log?: string
  /** Told, every second, what a processor reports to whoever has started it. */
  readonly onHealth?: (health: ProcessorHealth) => void
}

/** The product's processes on one data folder, each command in a process group of its own. */
export class Processes {
  readonly #groups = new Set<number>()

  constructor(
    private readonly data: string,
    private readonly config: string,
  ) {}

  /** Starts a command. */
  start(args: readonly string[], { env = {}, log, onHealth }: Start = {}): ChildProcess {
    const own = Object.entries(process.env).filter(([name]) => !/^(MURMUR_|NODE_|VITEST)/.test(name))
    const command = [program, '--data', this.data, '--config', this.config, ...args]
    const output = log === undefined ? 'ignore' : openSync(log, 'a')
    const child = spawn(process.execPath, command, {
      stdio: onHealth ? ['ignore', output, output, 'ipc'] : ['ignore', output, output],
      env: { ...Object.fromEntries(own), ...env },
      detached: true,
    })
    if (output !== 'ignore') closeSync(output)
    if (onHealth) child.on('message', (health) => onHealth(health as ProcessorHealth))
    this.#groups.add(child.pid as number)
    return child
  }

  pipeline(): ChildProcess {
    return this.start(['start', '--no-feed', '--port', '0'])
  }

  /** Waits until the pipeline of this process is ready. @throws where it isn't within a minute */
  async ready(child: ChildProcess): Promise<void> {
    for (const deadline = performance.now() + readyWithinMs; performance.now() < deadline; await sleep(20)) {
      if (runningPipeline(this.data)?.process.pid === child.pid && (await this.health())?.ready) return
      if (!isRunning(child)) break
    }
    throw new Error('the pipeline does not start')
  }

  address(): string | undefined {
    return runningPipeline(this.data)?.address
  }

  async health(): Promise<HealthReport | undefined> {
    const address = this.address()
    return address ? ask<HealthReport>(address, '/v1/status').catch(() => undefined) : undefined
  }

  /** Kills whatever still runs, also what a killed pipeline has left behind. */
  killAll(): void {
    for (const group of this.#groups) kill(-group)
  }
}

/** SIGKILL to a process, or, where the number is negative, to a process group at once. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has just died by itself
  }
}

export const isRunning = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode === null && signalCode === null

export const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (isRunning(child)) child.once('exit', () => resolve())
    else resolve()
  })
