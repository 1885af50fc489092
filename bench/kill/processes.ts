import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, runningPipeline } from '../../cli/running.ts'
import { packageRoot } from '../../schemas/root.ts'
import type { HealthReport } from '../../streams/health.ts'

const program = join(packageRoot(), 'dist', 'murmur.js')
const readyWithinMs = 60_000

/** The product's processes on one data folder, each command in a process group of its own. */
export class Processes {
  readonly #groups = new Set<number>()

  constructor(
    private readonly data: string,
    private readonly config: string,
  ) {}

  /** Starts a command. */
  start(...args: readonly string[]): ChildProcess {
    const env = Object.entries(process.env).filter(([name]) => !/^(MURMUR_|NODE_OPTIONS|VITEST)/.test(name))
    const command = [program, '--data', this.data, '--config', this.config, ...args]
    const child = spawn(process.execPath, command, {
      stdio: 'ignore',
      env: Object.fromEntries(env),
      detached: true,
    })
    this.#groups.add(child.pid as number)
    return child
  }

  pipeline(): ChildProcess {
    return this.start('start', '--no-feed', '--port', '0')
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
