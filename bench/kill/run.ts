import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, runningPipeline } from '../../cli/running.ts'
import { openOlapAlone } from '../../connectors/olap/open.ts'
import { openConnectors } from '../../connectors/open.ts'
import { loadConfig } from '../../load-config.ts'
import type { Processed, Reply } from '../../schemas/generated/events.ts'
import { packageRoot } from '../../schemas/root.ts'
import { processed, replies } from '../../schemas/topics.ts'
import type { HealthReport } from '../../streams/health.ts'
import { Rejection } from '../../streams/message.ts'
import { lagByGroup, sumOf } from '../../streams/runtime/lag.ts'
import { scan, wholeTopic } from '../../streams/runtime/scan.ts'
import { makeInput, randomFrom, writeInput } from './input.ts'
import { judge, type Outcome, type Verdict } from './oracle.ts'

export interface KillSettings {
  /** An empty folder. */
  readonly folder: string
  readonly kills: number
  /** Repeats the input and the choice of victims and moments. */
  readonly seed: number
  /** Utterances a second. */
  readonly rate: number
  /** The longest time between two kills, in milliseconds. */
  readonly maxGapMs: number
  readonly onKill?: (victim: string, number: number) => void
}

export interface KillReport {
  readonly utterances: number
  readonly kills: Readonly<Record<string, number>>
  /** From each kill of the pipeline to its being ready again, in milliseconds. */
  readonly recoveriesMs: readonly number[]
  readonly verdict: Verdict
}

const murmur = join(packageRoot(), 'dist', 'murmur.js')

/**
 * Runs the whole pipeline as real processes, kills them with SIGKILL at random moments while utterances come in,
 * lets it finish, and compares everything that came out with what must.
 */
export async function killRun({
  folder,
  kills,
  seed,
  rate,
  maxGapMs,
  onKill,
}: KillSettings): Promise<KillReport> {
  const random = randomFrom(seed)
  const gaps = Array.from({ length: kills }, () => 100 + random() * maxGapMs)
  const recoveryMs = 1000
  const seconds = gaps.reduce((sum, gap) => sum + gap + recoveryMs, 0) / 1000
  const input = makeInput(Math.ceil(seconds * rate), seed)
  const file = join(folder, 'input.jsonl')
  const data = join(folder, 'data')
  writeInput(file, input)
  const config = loadConfig({ file: undefined, env: {}, flags: new Map([['data', data]]) })
  const counts: Record<string, number> = {}
  const recoveriesMs: number[] = []

  let pipeline = await startPipeline(data)
  let ingesting = startIngest(data, file, rate)
  for (const [number, gap] of gaps.entries()) {
    await sleep(gap)
    const victim = ['pipeline', 'ingest', 'conversation', 'sink'][Math.floor(random() * 4)] as string
    counts[victim] = (counts[victim] ?? 0) + 1
    onKill?.(victim, number + 1)
    if (victim === 'pipeline') {
      await kill(pipeline)
      const killedAt = performance.now()
      pipeline = await startPipeline(data)
      recoveriesMs.push(performance.now() - killedAt)
    } else if (victim === 'ingest') {
      if (ingesting.exitCode === null) {
        await kill(ingesting)
        ingesting = startIngest(data, file, rate)
      }
    } else {
      const pid = (await health(data))?.processors.find(({ name }) => name === victim)?.pid
      if (pid) killPid(pid)
    }
  }
  await ended(ingesting)
  const last = startIngest(data, file)
  await ended(last)
  if (last.exitCode !== 0) throw new Error('the ingest does not finish')
  await drained(config)
  pipeline.kill('SIGTERM')
  await ended(pipeline)
  return {
    utterances: input.length,
    kills: counts,
    recoveriesMs,
    verdict: judge(input, await outcome(config)),
  }
}

function run(args: readonly string[], data: string): ChildProcess {
  const { MURMUR_PROCESS: _orders, ...env } = process.env
  return spawn(process.execPath, [murmur, '--data', data, ...args], { stdio: 'ignore', env })
}

async function startPipeline(data: string): Promise<ChildProcess> {
  const child = run(['start', '--no-feed', '--port', '0'], data)
  const deadline = performance.now() + 30_000
  while (!(await health(data, child.pid))?.ready) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error('the pipeline does not start')
    await sleep(20)
  }
  return child
}

/** The health of the pipeline of this folder, once it is the given process. */
async function health(data: string, pid?: number): Promise<HealthReport | undefined> {
  const running = runningPipeline(data)
  if (!running?.address || (pid !== undefined && running.process.pid !== pid)) return undefined
  return ask<HealthReport>(running.address, '/v1/status').catch(() => undefined)
}

const startIngest = (data: string, file: string, rate?: number): ChildProcess =>
  run(['ingest', file, '--json', ...(rate ? ['--rate', String(rate)] : [])], data)

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await ended(child)
}

function killPid(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has just died by itself
  }
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', () => resolve())
  })

type Config = ReturnType<typeof loadConfig>

async function drained(config: Config): Promise<void> {
  const opened = openConnectors(config)
  try {
    const behind = async () =>
      [...(await lagByGroup(opened.log)).values()].reduce((sum, lag) => sum + sumOf(lag), 0)
    for (const deadline = performance.now() + 120_000; (await behind()) > 0; await sleep(100)) {
      if (performance.now() > deadline)
        throw new Error(`the pipeline is still ${await behind()} records behind`)
    }
  } finally {
    await opened.close()
  }
}

async function outcome(config: Config): Promise<Outcome> {
  const opened = openConnectors(config)
  const olap = openOlapAlone(config)
  const limits = { maxRows: 1e9, maxSeconds: 600, maxBytes: 1e10 }
  const select = async (sql: string) => (await olap.query(sql, limits)).rows
  async function all<T>(topic: typeof processed | typeof replies): Promise<T[]> {
    const values: T[] = []
    for await (const item of scan(
      opened.log,
      opened.registry,
      topic,
      await wholeTopic(opened.log, topic.name),
    )) {
      if (item instanceof Rejection) throw new Error(item.reason)
      values.push(item.value as T)
    }
    return values
  }
  try {
    return {
      processed: await all<Processed>(processed),
      replies: await all<Reply>(replies),
      rows: (await select('SELECT id FROM processed')) as { id: string }[],
      replyRows: (await select('SELECT id FROM replies')) as { id: string }[],
      rollup: Number((await select('SELECT sum(utterances) AS n FROM sentiment_by_minute'))[0]?.n),
    }
  } finally {
    await olap.close()
    await opened.close()
  }
}
