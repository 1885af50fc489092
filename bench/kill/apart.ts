import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config.ts'
import { type Opened, openConnectors } from '../../connectors/open.ts'
import { randomFrom } from '../../language/random.ts'
import { loadConfig } from '../../load-config.ts'
import { Client } from './client.ts'
import { Deployment } from './deployment.ts'
import { Faults, type FaultsReport } from './faults.ts'
import { GrowingFile, makeFarewells, utterances, writeInput } from './input.ts'
import { judge, type Verdict } from './oracle.ts'
import { drained, lagsOf, outcome } from './outcome.ts'
import { ended, Processes } from './processes.ts'
import { raisePartitions } from './raise.ts'
import { Recoveries } from './recoveries.ts'
import { type Amounts, makeSchedule } from './schedule.ts'
import { type RealServers, type ServerSettings, startServers } from './servers.ts'

export interface ApartSettings extends Amounts, ServerSettings {
  /** An empty folder. */
  readonly folder: string
  /** Repeats the input and the schedule of faults. */
  readonly seed: number
  /** Utterances a second. */
  readonly rate: number
  /** No fault begins later than this after the first. */
  readonly budgetMs: number
  readonly onFault?: (what: string, number: number, of: number) => void
}

export interface ApartReport extends FaultsReport {
  readonly utterances: number
  /** Milliseconds by kind of fault: until all that had come in by then was done. */
  readonly recoveriesMs: Readonly<Record<string, readonly number[]>>
  /** What a processor says that is to run on more partitions than its state was made under. */
  readonly afterRaise: string
  readonly verdict: Verdict
}

const conversations = 400
const settleMs = 500

/**
 * Runs the product as processes apart on real servers, hurts both while utterances come in from a file and from a
 * client of the gateways, lets it finish, has every conversation say one thing more, and compares everything that
 * came out with what must.
 * @throws where it does not finish, or a named point was not reached
 */
export async function killApart(settings: ApartSettings): Promise<ApartReport> {
  const servers = await startServers(settings)
  try {
    return await withServers(settings, servers)
  } finally {
    await servers.stop()
  }
}

async function withServers(settings: ApartSettings, servers: RealServers): Promise<ApartReport> {
  const path = (name: string) => join(settings.folder, name)
  mkdirSync(settings.folder, { recursive: true })
  writeFileSync(path('murmur.yaml'), servers.config)
  const flags = new Map([['data', path('data')]])
  const config = loadConfig({ file: path('murmur.yaml'), env: {}, flags })
  const processes = new Processes(path('data'), path('murmur.yaml'))
  process.once('exit', () => processes.killAll())
  const opened = await openConnectors(config)
  try {
    return await withProcesses(settings, servers, processes, opened, config)
  } finally {
    processes.killAll()
    await opened.close()
  }
}

async function withProcesses(
  settings: ApartSettings,
  servers: RealServers,
  processes: Processes,
  opened: Opened,
  config: Config,
): Promise<ApartReport> {
  const { folder, seed, rate } = settings
  const input = new GrowingFile(join(folder, 'input.jsonl'), utterances(seed, conversations), rate)
  const deployment = await Deployment.start(processes, join(folder, 'parts'), input.path)
  try {
    return await withDeployment(settings, servers, processes, opened, config, input, deployment)
  } finally {
    input.stop()
    deployment.abandon()
  }
}

async function withDeployment(
  settings: ApartSettings,
  servers: RealServers,
  processes: Processes,
  opened: Opened,
  config: Config,
  input: GrowingFile,
  deployment: Deployment,
): Promise<ApartReport> {
  const { folder, seed, budgetMs } = settings
  let turn = 0
  const client = new Client(() => deployment.addresses[turn++ % deployment.addresses.length])
  while (
    [...(await lagsOf(opened, config).catch(() => [['', undefined]] as const))].some(
      ([, lag]) => lag === undefined,
    )
  )
    await sleep(50)
  const recoveries = new Recoveries(opened.log)
  const faults = new Faults(deployment, servers, recoveries, settings.sessionTimeoutMs)
  await faults.run(makeSchedule(seed, settings), budgetMs, randomFrom(seed + 1), settings.onFault)

  await sleep(settleMs)
  input.stop()
  await client.stop()
  await deployment.stop('ingest')
  await ingested(processes, input.path, join(folder, 'ingest.log'))
  await drained(opened, config)
  const said = [...input.lines, ...client.accepted]
  const farewells = makeFarewells(said)
  writeInput(join(folder, 'farewells.jsonl'), farewells)
  await ingested(processes, join(folder, 'farewells.jsonl'), join(folder, 'ingest.log'))
  await drained(opened, config)
  await recoveries.stop()
  const done = faults.report()
  await deployment.stop()
  const all = [...said, ...farewells]
  const found = judge(all, await outcome(opened, config))
  const { said: afterRaise, refused } = await raisePartitions(servers, processes, join(folder, 'raised.log'))
  const verdict = { ...found, 'state split over more partitions': refused ? 0 : 1 }
  const recoveriesMs = Object.fromEntries(recoveries.ms)
  return { ...done, utterances: all.length, recoveriesMs, afterRaise, verdict }
}

/** Ingests what is left of a file. @throws where it fails */
async function ingested(processes: Processes, file: string, log: string): Promise<void> {
  const ingest = processes.start(['ingest', file], { log })
  await ended(ingest)
  if (ingest.exitCode !== 0) throw new Error(`an ingest does not finish, see ${log}`)
}
