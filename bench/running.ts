import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, runningPipeline } from '../cli/running.ts'
import { type Opened, openConnectors } from '../connectors/open.ts'
import { loadConfig } from '../load-config.ts'
import { packageRoot } from '../schemas/root.ts'
import type { HealthReport } from '../streams/health.ts'
import { lagByGroup, sumOf } from '../streams/runtime/lag.ts'

/** The product as it runs: its real processes, on a data folder of their own. */
export interface Running {
  readonly data: string
  readonly address: string
  /** Process ids by name: gateway (which supervises too), conversation, sink. */
  readonly processes: ReadonlyMap<string, number>
  /** The same log, opened beside it. */
  readonly opened: Opened
  /** Records that the groups have still to read. */
  behind(): Promise<number>
}

const program = join(packageRoot(), 'dist', 'murmur.js')

/** murmur.yaml of the suites that measure the engine: with the encoder, they would measure that and little else. */
export const linearAlone = 'language: { tier: linear }\n'

/**
 * Starts the pipeline on a fresh folder, and stops and removes it after the work.
 * @param config murmur.yaml, where it is not to be the default one
 */
export async function withPipeline<T>(work: (running: Running) => Promise<T>, config = ''): Promise<T> {
  const data = mkdtempSync(join(tmpdir(), 'murmur-bench-'))
  writeFileSync(configIn(data), config)
  const pipeline = murmur(data, ['start', '--no-feed', '--port', '0'], 'ignore')
  try {
    const { address, processors } = await ready(data, pipeline)
    const processes = new Map([
      ['gateway', pipeline.pid as number],
      ...processors.map(({ instance, pid }) => [instance, pid as number] as const),
    ])
    const opened = await openConnectors(
      loadConfig({ file: configIn(data), env: {}, flags: new Map([['data', data]]) }),
    )
    const behind = async () =>
      [...(await lagByGroup(opened.log)).values()].reduce((sum, lag) => sum + sumOf(lag), 0)
    try {
      return await work({ data, address, processes, opened, behind })
    } finally {
      await opened.close()
    }
  } finally {
    pipeline.kill('SIGTERM')
    await ended(pipeline)
    rmSync(data, { recursive: true })
  }
}

/** Runs a command of the product on the folder. */
export function murmur(data: string, args: readonly string[], stdin: 'pipe' | 'ignore'): ChildProcess {
  return spawn(process.execPath, [program, '--data', data, '--config', configIn(data), ...args], {
    stdio: [stdin, 'ignore', 'ignore'],
  })
}

const configIn = (data: string): string => join(data, 'murmur.yaml')

/** Waits until every group has read everything. */
export async function drained({ behind }: Running): Promise<void> {
  while ((await behind()) > 0) await sleep(20)
}

/** Lends the path of a file, and removes it after the work. */
export async function temporaryFile<T>(work: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'murmur-bench-'))
  try {
    return await work(join(folder, 'utterances.jsonl'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Waits for a process to end. @throws where it failed */
export const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    const settle = () =>
      child.exitCode === 0 || child.signalCode !== null
        ? resolve()
        : reject(new Error(`a process ended with ${child.exitCode}`))
    if (child.exitCode !== null || child.signalCode !== null) settle()
    else child.once('exit', settle)
  })

async function ready(data: string, child: ChildProcess): Promise<HealthReport & { address: string }> {
  for (const deadline = performance.now() + 30_000; performance.now() < deadline; await sleep(20)) {
    const address = runningPipeline(data)?.address
    const report = address ? await ask<HealthReport>(address, '/v1/status').catch(() => undefined) : undefined
    if (address && report?.ready) return { ...report, address }
    if (child.exitCode !== null) break
  }
  throw new Error('the pipeline does not start')
}
