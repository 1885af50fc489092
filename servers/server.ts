import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerProcess } from './process.ts'

/** Real servers that a test hurts, each known by its place, from 0. All die with this process. */
export interface Servers {
  /** SIGKILL. */
  kill(index: number): Promise<void>
  /** SIGSTOP: it keeps its connections and answers nothing. */
  pause(index: number): void
  /** SIGCONT. */
  resume(index: number): void
  /** SIGTERM, and SIGKILL where that takes over 30 seconds. */
  shutDown(index: number): Promise<void>
  /** Starts it again, killing it first if it runs; same port, same data. Resolves when it serves. */
  restart(index: number): Promise<void>
  /** Ends all. A temporary folder goes; into a kept one they write what they have first. */
  stop(): Promise<void>
}

/** Where servers have their files. */
export interface Home {
  readonly folder: string
  readonly kept: boolean
}

/** The folder that is given, or else a temporary one. */
export function homeOf(server: string, given: string | undefined): Home {
  if (given === undefined) return { folder: mkdtempSync(join(tmpdir(), `murmur-${server}-`)), kept: false }
  mkdirSync(given, { recursive: true })
  return { folder: resolve(given), kept: true }
}

/** Runs whatever `launch` starts for a place; nothing runs yet. */
export function servers(home: Home, launch: (index: number) => Promise<ServerProcess>): Servers {
  const running = new Map<number, ServerProcess>()
  const starting = new Set<Promise<void>>()
  const signal = (index: number, name: NodeJS.Signals) => {
    const one = running.get(index)
    if (!one) throw new Error(`server ${index} does not run: restart(${index}) starts it`)
    one.signal(name)
  }
  const end = async (index: number, name: NodeJS.Signals) => {
    const one = running.get(index)
    if (!one) return
    one.signal(name)
    one.signal('SIGCONT')
    const late = sleep(30_000, undefined, { ref: false }).then(() => one.signal('SIGKILL'))
    await Promise.race([one.exited, late.then(() => one.exited)])
    running.delete(index)
  }
  const kill = (index: number) => end(index, 'SIGKILL')
  const start = async (index: number) => {
    await kill(index)
    running.set(index, await launch(index))
  }
  return {
    kill,
    pause: (index) => signal(index, 'SIGSTOP'),
    resume: (index) => signal(index, 'SIGCONT'),
    shutDown: (index) => end(index, 'SIGTERM'),
    async restart(index) {
      const started = start(index)
      starting.add(started)
      await started.finally(() => starting.delete(started))
    },
    async stop() {
      await Promise.allSettled(starting)
      await Promise.all([...running.keys()].map((index) => end(index, home.kept ? 'SIGTERM' : 'SIGKILL')))
      if (!home.kept) rmSync(home.folder, { recursive: true, force: true })
    },
  }
}
