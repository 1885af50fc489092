import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openConnectors } from '../../connectors/open.ts'
import { randomFrom, shuffled } from '../../language/random.ts'
import { loadConfig } from '../../load-config.ts'
import { Client } from './client.ts'
import { makeFarewells, makeInput, writeInput } from './input.ts'
import { judge, type Verdict } from './oracle.ts'
import { drained, lagsOf, outcome } from './outcome.ts'
import { ended, isRunning, kill, Processes } from './processes.ts'

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
  readonly onKill?: (victim: Victim, number: number) => void
}

/**
 * - `pipeline`: the process that supervises and serves; those that it has started notice, and end
 * - `everything`: all processes of the pipeline, and the ingest, at once
 * - `starting`: all processes of the pipeline, and again while they start
 */
const victims = ['pipeline', 'everything', 'starting', 'ingest', 'conversation', 'sink'] as const
type Victim = (typeof victims)[number]

export interface KillReport {
  readonly utterances: number
  readonly kills: Readonly<Record<string, number>>
  /** How many kills met a victim, or its processors, with records still to read: in the middle of their work. */
  readonly atWork: number
  /** From each kill of the pipeline to its being ready again, in milliseconds. */
  readonly recoveriesMs: Readonly<Record<string, readonly number[]>>
  readonly verdict: Verdict
}

/** Small batches, so that there is always one in hand when a kill comes. No text comes twice, and the encoder is not what is tried. */
const config = `
language: { tier: linear }
processors:
  conversation: { stages: [cleaning, intent, context, plugins], instances: 2, maxRecords: 32 }
  sink: { stages: [sink], maxRecords: 400, linger: 20ms }
`
const recoveryMs = 1500

/**
 * Runs the whole pipeline as real processes, kills them with SIGKILL at random moments while utterances come in
 * from a file and from a client of the gateway, lets it finish, has every conversation say one thing more, and
 * compares everything that came out with what must.
 */
export async function killRun(settings: KillSettings): Promise<KillReport> {
  const { folder, kills, seed, rate, maxGapMs } = settings
  const random = randomFrom(seed)
  const order = shuffled(
    Array.from({ length: kills }, (_, i) => victims[i % victims.length] as Victim),
    random,
  )
  const gaps = order.map(() => 100 + random() * maxGapMs)
  const seconds = gaps.reduce((sum, gap) => sum + gap + recoveryMs, 0) / 1000
  const input = makeInput(Math.ceil(seconds * rate), seed)
  const path = (name: string) => join(folder, name)
  writeInput(path('input.jsonl'), input)
  writeFileSync(path('murmur.yaml'), config)
  const flags = new Map([['data', path('data')]])
  const loaded = loadConfig({ file: path('murmur.yaml'), env: {}, flags })
  const processes = new Processes(path('data'), path('murmur.yaml'))
  process.once('exit', () => processes.killAll())
  const opened = await openConnectors(loaded)
  try {
    const client = new Client(() => processes.address())
    const ingest = (name: string, ...pace: string[]) => processes.start(['ingest', path(name), ...pace])
    const run = new Run(processes, () => ingest('input.jsonl', '--rate', String(rate)), random)
    await run.begin()
    const counts: Record<string, number> = {}
    let atWork = 0
    for (const [index, victim] of order.entries()) {
      await sleep(gaps[index] as number)
      counts[victim] = (counts[victim] ?? 0) + 1
      const lags = await lagsOf(opened, loaded)
      if ([...lags].some(([name, lag]) => lag !== 0 && (name === victim || !lags.has(victim)))) atWork++
      settings.onKill?.(victim, index + 1)
      await run.kill(victim)
    }
    run.ingest.kill('SIGTERM')
    await ended(run.ingest)
    await client.stop()
    await finish(ingest('input.jsonl'))
    await drained(opened, loaded)
    const said = [...input, ...client.accepted]
    const farewells = makeFarewells(said)
    writeInput(path('farewells.jsonl'), farewells)
    await finish(ingest('farewells.jsonl'))
    await drained(opened, loaded)
    run.pipeline.kill('SIGTERM')
    await ended(run.pipeline)
    const all = [...said, ...farewells]
    const verdict = judge(all, await outcome(opened, loaded))
    const recoveriesMs = { 'kill pipeline': run.recoveriesMs }
    return { utterances: all.length, kills: counts, atWork, recoveriesMs, verdict }
  } finally {
    processes.killAll()
    await opened.close()
  }
}

async function finish(ingest: ChildProcess): Promise<void> {
  await ended(ingest)
  if (ingest.exitCode !== 0) throw new Error('an ingest does not finish')
}

/** The pipeline and the ingest, killed and started again. */
class Run {
  pipeline: ChildProcess
  ingest: ChildProcess
  readonly recoveriesMs: number[] = []

  constructor(
    private readonly processes: Processes,
    private readonly startIngest: () => ChildProcess,
    private readonly random: () => number,
  ) {
    this.pipeline = processes.pipeline()
    this.ingest = startIngest()
  }

  begin(): Promise<void> {
    return this.processes.ready(this.pipeline)
  }

  async kill(victim: Victim): Promise<void> {
    switch (victim) {
      case 'pipeline':
        return this.#restart(this.pipeline.pid as number)
      case 'everything':
        kill(-(this.ingest.pid as number))
        await this.#restart(-(this.pipeline.pid as number))
        return this.#resume()
      case 'starting':
        kill(-(this.pipeline.pid as number))
        await ended(this.pipeline)
        this.pipeline = this.processes.pipeline()
        await sleep(this.random() * recoveryMs)
        return this.#restart(-(this.pipeline.pid as number))
      case 'ingest':
        kill(this.ingest.pid as number)
        return this.#resume()
      default: {
        const instances = (await this.processes.health())?.processors.filter(({ name }) => name === victim)
        const pid = instances?.[Math.floor(this.random() * instances.length)]?.pid
        if (pid !== undefined) kill(pid)
      }
    }
  }

  async #restart(target: number): Promise<void> {
    const killedAt = performance.now()
    kill(target)
    await ended(this.pipeline)
    this.pipeline = this.processes.pipeline()
    await this.processes.ready(this.pipeline)
    this.recoveriesMs.push(Math.round(performance.now() - killedAt))
  }

  /** An ingest that was through stays so. */
  async #resume(): Promise<void> {
    if (isRunning(this.ingest)) await ended(this.ingest)
    if (this.ingest.exitCode !== 0) this.ingest = this.startIngest()
  }
}
