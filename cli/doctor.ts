import { accessSync, constants, mkdirSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { Command } from 'commander'
import type { Config } from '../config.ts'
import { murmur } from '../streams/topology.ts'
import {
  checkConfiguration,
  checkLanguage,
  checkLog,
  checkRegistry,
  checkStore,
  checkTransactions,
} from './checks.ts'
import { print } from './output.ts'
import { runningPipeline } from './running.ts'
import { configOf, wantsJson, withConnectors, withOlap } from './session.ts'

interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly found: string
}

export const doctor = new Command('doctor')
  .description('what is there, what is missing, and what to do about it')
  .action(async (_options: unknown, command: Command) => {
    const findings = await examine(configOf(command))
    print(wantsJson(command), findings, () =>
      findings.map(({ ok, check, found }) => `${ok ? '✓' : '✗'} ${check.padEnd(14)} ${found}`).join('\n'),
    )
    if (findings.some(({ ok }) => !ok)) process.exitCode = 1
  })

const leastFreeBytes = 1 << 30

async function examine(config: Config): Promise<Finding[]> {
  const running = runningPipeline(config.data)
  const checks: readonly (readonly [string, () => string | Promise<string>])[] = [
    ['node', () => `version ${process.versions.node} on ${process.platform}-${process.arch}`],
    ['data folder', () => dataFolder(config.data)],
    ['configuration', () => checkConfiguration(config)],
    ['log', () => withConnectors(config, (opened) => checkLog(config, opened))],
    ['transactions', () => withConnectors(config, (opened) => checkTransactions(config, opened))],
    ['store', () => withConnectors(config, (opened) => checkStore(config, opened))],
    ['registry', () => withConnectors(config, (opened) => checkRegistry(config, opened))],
    ['language', () => checkLanguage(config)],
    [
      'topology',
      async () =>
        (await murmur(config)).processors
          .map(({ name, stages }) => `${name}: ${stages.map((stage) => stage.name).join(' → ')}`)
          .join('; '),
    ],
    [
      'pipeline',
      () =>
        running
          ? `process ${running.process.pid} runs${running.address ? ` at ${running.address}` : ''}`
          : 'none runs on this folder',
    ],
    ['olap', () => olapOf(config, running !== undefined)],
    ['gateway port', () => (running ? 'taken by the running pipeline' : portIsFree(config.gateway))],
  ]
  const findings: Finding[] = []
  for (const [check, work] of checks) {
    try {
      findings.push({ check, ok: true, found: await work() })
    } catch (error) {
      findings.push({ check, ok: false, found: (error as Error).message })
    }
  }
  return findings
}

function dataFolder(data: string): string {
  mkdirSync(data, { recursive: true })
  accessSync(data, constants.W_OK)
  const { bavail, bsize } = statfsSync(data)
  const free = bavail * bsize
  const text = `"${data}" can be written, ${(free / 2 ** 30).toFixed(1)} GiB free`
  if (free < leastFreeBytes)
    throw new Error(`${text}: less than 1 GiB; free some, or choose another folder with --data`)
  return text
}

async function olapOf(config: Config, running: boolean): Promise<string> {
  const { rows } = await withOlap(config, (olap) => olap.query('SELECT version() AS v', config.olap))
  return `ClickHouse ${String(rows[0]?.v)} (${config.olap.driver}${running ? ', through the pipeline' : ''})`
}

function portIsFree({ host, port }: Config['gateway']): Promise<string> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new Error(
          `port ${port} of ${host} can't be had (${error.code}): stop the program that has it, or choose another with --port`,
        ),
      ),
    )
    server.listen(port, host, () => server.close(() => resolve(`port ${port} of ${host} is free`)))
  })
}
