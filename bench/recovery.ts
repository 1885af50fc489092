import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openConnectors } from '../connectors/open.ts'
import { loadConfig } from '../load-config.ts'
import { quantiles } from './delays.ts'
import { Deployment } from './kill/deployment.ts'
import { GrowingFile, utterances } from './kill/input.ts'
import { drained, lagsOf } from './kill/outcome.ts'
import { Pauses } from './kill/pauses.ts'
import { Processes } from './kill/processes.ts'
import { Recoveries } from './kill/recoveries.ts'
import { startServers } from './kill/servers.ts'
import type { Figure } from './machine.ts'

const rate = 100
const amounts = { kills: 10, falls: 5, rebalances: 50 }
const restMs = 2500
const sessionTimeoutMs = 6000
const groups = ['conversation', 'sink'] as const

export const about = `Two conversation processors, two sinks, two gateways and an ingest, each a process that is started again when it ends,
as an orchestrator does, on a broker, a Redis and what stands for a ClickHouse server, all on this machine; ${rate} utterances
a second. After each fault everything rests for ${restMs / 1000} s. A recovery lasts from SIGKILL until the group has committed
everything that had come in just after it; a pause is the longest time that any partition with something to read stood
still around a member's coming or going. Both are seen from outside, up to 0.1 s too long.`

export async function run(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'murmur-recovery-'))
  const servers = await startServers({ redis: 'single', brokers: 1, sessionTimeoutMs })
  try {
    writeFileSync(join(folder, 'murmur.yaml'), servers.config)
    return await measured(folder)
  } finally {
    await servers.stop()
    rmSync(folder, { recursive: true })
  }
}

async function measured(folder: string): Promise<Figure[]> {
  const path = (name: string) => join(folder, name)
  mkdirSync(path('data'))
  const config = loadConfig({
    file: path('murmur.yaml'),
    env: {},
    flags: new Map([['data', path('data')]]),
  })
  const processes = new Processes(path('data'), path('murmur.yaml'))
  const opened = await openConnectors(config)
  const input = new GrowingFile(path('input.jsonl'), utterances(1, 400), rate)
  const deployment = await Deployment.start(processes, path('parts'), input.path)
  const recoveries = new Recoveries(opened.log)
  try {
    while ([...(await lagsOf(opened, config))].some(([, lag]) => lag === undefined)) await sleep(50)
    await sleep(restMs)
    await kills(deployment, recoveries)
    const paused = new Map<string, number[]>()
    for (const group of groups)
      paused.set(group, await rebalances(deployment, new Pauses(opened.log, group), group))
    input.stop()
    await drained(opened, config)
    return [
      ...[...recoveries.ms].flatMap(([what, ms]) => figures(what, ms, 5000)),
      ...[...paused].flatMap(([group, ms]) => figures(`pause of ${group} at a rebalance`, ms, 2000)),
    ]
  } finally {
    input.stop()
    await recoveries.stop()
    deployment.abandon()
    processes.killAll()
    await opened.close()
  }
}

async function kills(deployment: Deployment, recoveries: Recoveries): Promise<void> {
  for (const group of groups)
    for (let i = 0; i < amounts.kills; i++) {
      recoveries.begin(`kill -9 of one ${group}`, group)
      await deployment.find(`${group}-${1 + (i % 2)}`)?.kill()
      await sleep(restMs)
    }
  for (let i = 0; i < amounts.falls; i++) {
    for (const group of groups) recoveries.begin(`kill -9 of everything, ${group}`, group)
    await Promise.all(deployment.parts.map((part) => part.kill()))
    await sleep(2 * restMs)
  }
}

/** A third member comes and goes. */
async function rebalances(
  deployment: Deployment,
  pauses: Pauses,
  group: 'conversation' | 'sink',
): Promise<number[]> {
  const found: number[] = []
  for (let i = 0; i < amounts.rebalances; i++) {
    pauses.take()
    const present = deployment.find(`${group}-3`)
    if (present) await deployment.remove(present)
    else deployment.add(group, 3)
    await sleep(restMs)
    found.push(pauses.take())
  }
  await pauses.stop()
  return found
}

function figures(what: string, ms: readonly number[], atMost: number): Figure[] {
  const { p50, p99 } = quantiles(ms)
  return [
    { name: `${what}: times`, value: ms.length, unit: '' },
    { name: `${what}: p50`, value: p50, unit: 'ms' },
    { name: `${what}: p99`, value: p99, unit: 'ms', atMost },
  ]
}
