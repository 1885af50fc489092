import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll } from 'vitest'
import { partitionOf } from '../connectors/log/partition.ts'
import { RecordsBuilder } from '../connectors/log/records.ts'
import { type Opened, openConnectors } from '../connectors/open.ts'
import { loadConfig } from '../load-config.ts'
import { packageRoot } from '../schemas/root.ts'
import type { Topic } from '../schemas/topic.ts'
import { utterances } from '../schemas/topics.ts'
import type { HealthReport } from '../streams/health.ts'
import { Rejection } from '../streams/message.ts'
import { lagByGroup, sumOf } from '../streams/runtime/lag.ts'
import { scan, wholeTopic } from '../streams/runtime/scan.ts'
import { ask, runningPipeline } from './running.ts'

/** What a command has come to. */
export interface Finished {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined
  readonly signal: NodeJS.Signals | undefined
  readonly out: string
  readonly err: string
}

/** A process of the built product, in a process group of its own. */
export interface Child {
  readonly pid: number
  readonly err: () => string
  readonly out: () => string
  readonly ended: Promise<Finished>
  /** To the process; with `group`, to it and everything that it has started. */
  kill(signal: NodeJS.Signals, group?: 'group'): void
}

export interface Pipeline extends Child {
  readonly address: string
  health(): Promise<HealthReport>
  pidOf(instance: string): Promise<number>
  /** Ends it as Ctrl-C does. */
  stop(): Promise<Finished>
}

export interface Spawning {
  readonly env?: Readonly<Record<string, string>>
  /** A shell's `ulimit` options for the process and all that it starts. */
  readonly ulimit?: string
  readonly input?: string
}

const program = join(packageRoot(), 'dist', 'murmur.js')

/** Asks again until the answer is neither undefined nor false. */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  timeoutMs = 60_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const found = await probe()
    if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`)
    await sleep(50)
  }
}

/**
 * A temporary folder with a data folder in it, and the product's commands on that. After the tests nothing is left of it.
 * @param tier who understands texts: the linear tier unless told, since most tests are of other things, with many texts
 */
export function workplace(tier = 'linear') {
  const folder = mkdtempSync(join(tmpdir(), 'murmur-cli-'))
  const data = join(folder, 'data')
  const children = new Set<ChildProcess>()
  const killAll = () => {
    for (const { pid } of children) signalGroup(pid as number, 'SIGKILL')
  }
  process.once('exit', killAll)
  afterAll(() => {
    killAll()
    process.off('exit', killAll)
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  })

  function run(args: readonly string[], { env = {}, ulimit, input }: Spawning = {}): Child {
    const own = Object.entries(process.env).filter(
      ([name]) => !/^(MURMUR_|NODE_OPTIONS|VITEST|NODE_V8)/.test(name),
    )
    const command = [process.execPath, program, ...args]
    const limited = ulimit ? ['bash', '-c', `ulimit ${ulimit}; exec "$@"`, 'bash', ...command] : command
    const child = spawn(limited[0] as string, limited.slice(1), {
      cwd: folder,
      env: {
        ...Object.fromEntries(own),
        MURMUR_DATA: data,
        MURMUR_LANGUAGE_TIER: tier,
        ...env,
      },
      detached: true,
    })
    children.add(child)
    const said = { out: '', err: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said.out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said.err += text
    })
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    const ended = new Promise<Finished>((resolve) => {
      child.once('close', (code, signal) => {
        children.delete(child)
        resolve({ code: code ?? undefined, signal: signal ?? undefined, ...said })
      })
    })
    const pid = child.pid as number
    return {
      pid,
      out: () => said.out,
      err: () => said.err,
      ended,
      kill(signal, group) {
        if (group) signalGroup(pid, signal)
        else child.kill(signal)
      },
    }
  }

  const murmur = (...args: string[]): Promise<Finished> => run(args).ended

  return {
    folder,
    data,
    run,
    murmur,
    /** Runs a command with --json. @throws where it fails */
    async json<T>(...args: string[]): Promise<T> {
      const { code, out, err } = await murmur(...args, '--json')
      if (code !== 0) throw new Error(`murmur ${args.join(' ')} ended with ${code}: ${err}`)
      return JSON.parse(out) as T
    },
    /** Lays a file into the folder; returns its path. */
    lay(name: string, content: string | Uint8Array): string {
      const path = join(folder, name)
      writeFileSync(path, content)
      return path
    },
    /** Starts the pipeline, and waits until it is ready. */
    async start(args: readonly string[] = [], spawning: Spawning = {}): Promise<Pipeline> {
      const child = run(['start', '--no-feed', '--port', '0', ...args], spawning)
      let over = false
      void child.ended.then(() => {
        over = true
      })
      const health = () => {
        const address = runningPipeline(data)?.address
        if (!address) throw new Error('no pipeline runs')
        return ask<HealthReport>(address, '/v1/status')
      }
      await until('the pipeline is ready', async () => {
        if (over) throw new Error(`the pipeline does not start: ${child.err()}`)
        const running = runningPipeline(data)
        return running?.process.pid === child.pid && running.address !== undefined && (await health()).ready
      })
      return {
        ...child,
        address: runningPipeline(data)?.address as string,
        health,
        pidOf: (instance) =>
          until(
            `${instance} runs`,
            async () => (await health()).processors.find((one) => one.instance === instance)?.pid,
          ),
        stop() {
          child.kill('SIGTERM')
          return child.ended
        },
      }
    },
    /** Opens log, store and registry in this process, beside those of the pipeline. */
    async open<T>(work: (opened: Opened) => Promise<T>): Promise<T> {
      const opened = await openConnectors(loadConfig({ env: {}, flags: new Map([['data', data]]) }))
      try {
        return await work(opened)
      } finally {
        await opened.close()
      }
    },
  }
}

/** All that a topic holds, partition after partition. @throws where one can't be decoded */
export async function valuesOf<T>({ log, registry }: Opened, topic: Topic<T>): Promise<T[]> {
  const values: T[] = []
  for await (const item of scan(log, registry, topic, await wholeTopic(log, topic.name))) {
    if (item instanceof Rejection) throw new Error(item.reason)
    values.push(item.value as T)
  }
  return values
}

/** Puts values on `utterances`, as a producer of the log does that no gateway checks. */
export async function produceTo(
  { log }: Opened,
  values: readonly (readonly [key: string, value: Uint8Array])[],
): Promise<void> {
  const partitions = (await log.topics()).find(({ name }) => name === utterances.name)?.partitions as number
  const producer = await log.producer('faulty')
  try {
    for (const [key, value] of values) {
      const builder = new RecordsBuilder(utterances.name, partitionOf(key, partitions))
      builder.add(key, value, Date.now())
      await producer.append([builder.take()])
    }
  } finally {
    await producer.close()
  }
}

/** Waits until the groups of these processors have read everything. */
export const drained = (
  { log }: Opened,
  names: readonly string[] = ['conversation', 'sink'],
): Promise<true> =>
  until('everything is processed', async () => {
    const lags = await lagByGroup(log)
    return names.every((name) => lags.has(name) && sumOf(lags.get(name)) === 0)
  })

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // nothing of it runs any more
  }
}

if (!existsSync(program)) throw new Error(`${program} is missing: run \`npm run setup\` first`)
