import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runningPipeline } from '../cli/running.ts'
import { packageRoot } from '../schemas/root.ts'
import type { Figure } from './machine.ts'

const runs = 5
const lookMs = 10

export const about =
  "From `npm start`, installed and built, to the first 200 of `/readyz`; npm's own time is included."

export async function run(): Promise<readonly Figure[]> {
  const fresh: number[] = []
  const again: number[] = []
  for (let i = 0; i < runs; i++) {
    const data = mkdtempSync(join(tmpdir(), 'murmur-bench-'))
    fresh.push(await start(data))
    again.push(await start(data))
    rmSync(data, { recursive: true })
  }
  return [
    {
      name: `npm start: to ready on a new folder, median of ${runs}`,
      value: median(fresh),
      unit: 's',
      atMost: 2,
    },
    {
      name: `npm start: to ready on a folder in use before, median of ${runs}`,
      value: median(again),
      unit: 's',
      atMost: 2,
    },
  ]
}

/** @returns seconds */
async function start(data: string): Promise<number> {
  const started = performance.now()
  const child = spawn('npm', ['start', '--', '--no-feed', '--port', '0', '--data', data], {
    cwd: packageRoot(),
    stdio: 'ignore',
  })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  while (!(await isReady(data))) {
    if (child.exitCode !== null) throw new Error('`npm start` failed; run it by hand to see why')
    await sleep(lookMs)
  }
  const seconds = (performance.now() - started) / 1000
  const pid = runningPipeline(data)?.process.pid
  if (pid) process.kill(pid, 'SIGTERM')
  await exited
  return seconds
}

async function isReady(data: string): Promise<boolean> {
  const address = runningPipeline(data)?.address
  if (!address) return false
  return fetch(`${address}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  )
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number
