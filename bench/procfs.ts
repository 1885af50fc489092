import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Figure } from './machine.ts'

/** What Linux knows of a process: proc_pid_stat(5) and proc_pid_status(5). */

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

function stat(pid: number | 'self', ...fields: readonly number[]): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const values = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields.reduce((sum, field) => sum + Number(values[field - 3]), 0) / ticksPerSecond
}

/** CPU seconds that a process has taken, in user and kernel mode, with all of its threads. */
const cpuSeconds = (pid: number): number => stat(pid, 14, 15)

/** CPU seconds that those of this process's children took which have ended. */
const endedSeconds = (): number => stat('self', 16, 17)

/** Watches what processes take from now on. */
export class CpuWatch {
  readonly #before: readonly (readonly [name: string, pid: number, seconds: number])[]
  readonly #endedBefore = endedSeconds()

  constructor(processes: ReadonlyMap<string, number>) {
    this.#before = [...processes].map(([name, pid]) => [name, pid, cpuSeconds(pid)])
  }

  /** CPU seconds of each process. */
  taken(): Map<string, number> {
    return new Map(this.#before.map(([name, pid, before]) => [name, cpuSeconds(pid) - before]))
  }

  /** CPU seconds of those of this process's children that ended meanwhile. */
  ended(): number {
    return endedSeconds() - this.#endedBefore
  }
}

/** One figure a process, and their sum. */
export const byProcess = (
  name: string,
  taken: ReadonlyMap<string, number>,
  unit: string,
  factor: number,
): Figure[] => [
  ...[...taken].map(([process, value]) => ({ name: `${name}: ${process}`, value: value * factor, unit })),
  { name: `${name}: all`, value: factor * [...taken.values()].reduce((sum, value) => sum + value, 0), unit },
]

/** MiB of a process. */
interface Memory {
  /** What it holds itself: heap, stacks, the engine's buffers. */
  readonly own: number
  /** The most that it ever held, mapped files included: LMDB's are page cache, which the kernel takes back. */
  readonly peak: number
}

function memory(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mebibytes = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) / 1024
  return { own: mebibytes('RssAnon'), peak: mebibytes('VmHWM') }
}

/** MiB that a folder takes on the disk. */
export const diskUse = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).blocks / 2048, 0)

const sampleMs = 200

/** The most memory that processes were seen to hold, each and all at one moment. Looks five times a second. */
export class MemoryWatch {
  readonly #peaks = new Map<string, Memory>()
  #sum = 0
  readonly #timer = setInterval(() => this.#look(), sampleMs)

  constructor(private readonly processes: ReadonlyMap<string, number>) {}

  stop(): void {
    this.#look()
    clearInterval(this.#timer)
  }

  figures(name: string): Figure[] {
    const each = [...this.#peaks].flatMap(([process, { own, peak }]) => [
      { name: `${name}: ${process}, own memory`, value: own, unit: 'MiB' },
      { name: `${name}: ${process}, with mapped files`, value: peak, unit: 'MiB' },
    ])
    return [
      ...each,
      { name: `${name}: all at one moment, own memory`, value: this.#sum, unit: 'MiB', atMost: 1024 },
    ]
  }

  #look(): void {
    let sum = 0
    for (const [name, pid] of this.processes) {
      try {
        const seen = memory(pid)
        this.#peaks.set(name, { own: Math.max(this.#peaks.get(name)?.own ?? 0, seen.own), peak: seen.peak })
        sum += seen.own
      } catch {
        // it has ended
      }
    }
    this.#sum = Math.max(this.#sum, sum)
  }
}
