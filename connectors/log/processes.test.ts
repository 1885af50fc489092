import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Environment, openEnvironment } from '../embedded/environment.ts'
import { embeddedStore } from '../store/embedded.ts'
import { batchOf, forever, numbered, readAll, send, until } from './contract/harness.ts'
import { type EmbeddedLog, embeddedLog } from './embedded.ts'

/** Consumers in processes of their own (`fixtures/worker.mjs`, over the build in `dist`), killed and stopped. */

interface Worker {
  readonly process: ChildProcess
  readonly said: string[]
}

const partitions = 3
const perPartition = 1200
let folder: string
let environment: Environment
let log: EmbeddedLog
let workers: Worker[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'murmur-processes-'))
  environment = openEnvironment(folder)
  log = embeddedLog(environment)
  workers = []
  await log.createTopics(['input', 'output'].map((name) => ({ name, partitions, ...forever })))
})

afterEach(async () => {
  for (const worker of workers) await end(worker, 'SIGKILL')
  await log.close()
  await environment.close()
  rmSync(folder, { recursive: true })
})

function work(...options: string[]): Worker {
  const script = join(import.meta.dirname, 'fixtures', 'worker.mjs')
  const child = spawn(process.execPath, [script, folder, 'copy', 'input', 'output', ...options], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const said: string[] = []
  child.stdout.on('data', (text: Buffer) => said.push(...text.toString().trim().split('\n')))
  const worker = { process: child, said }
  workers.push(worker)
  return worker
}

async function end({ process: child }: Worker, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await gone
}

const copied = async (): Promise<number> =>
  (await log.topics())
    .find(({ name }) => name === 'output')
    ?.offsets.reduce((sum, { latest }) => sum + latest, 0) ?? 0

async function expectExactlyOnce(counts: number): Promise<void> {
  const store = embeddedStore(environment)
  for (let partition = 0; partition < partitions; partition++) {
    const values = (await readAll(log, 'output', partition)).map(({ value }) => value)
    expect(values).toEqual(numbered(counts))
    const fence = await store.claim({ group: 'copy', topic: 'input', partition }, partitions)
    const [count] = await store.load(fence, counts, ['count'])
    expect(count?.value?.toString()).toBe(String(counts))
  }
}

test('consumers killed at random moments: every record is copied and counted once, in order', async () => {
  const kills = 5
  const values = numbered(perPartition)
  // Each heir finds something to do, however much its forebear has done
  const fill = async (part: number) => {
    const size = perPartition / (kills + 1)
    for (let partition = 0; partition < partitions; partition++)
      await send(log, [batchOf('input', partition, values.slice(part * size, (part + 1) * size))])
  }
  let resumedMs = 0
  await fill(0)
  let victim = work()
  for (let kill = 1; kill <= kills; kill++) {
    await until(() => victim.said.includes('committed'))
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
    await end(victim, 'SIGKILL')
    const killed = performance.now()
    await fill(kill)
    const heir = work()
    await until(() => heir.said.includes('claim'))
    resumedMs = Math.max(resumedMs, performance.now() - killed)
    victim = heir
  }
  await until(async () => (await copied()) === partitions * perPartition)
  await end(victim, 'SIGTERM')
  await expectExactlyOnce(perPartition)
  // A dead owner is seen by its process id: nobody waits for its lease.
  expect(resumedMs).toBeLessThan(1000 + 2000)
})

test('two consumers: the one left takes over from the one killed', async () => {
  const [victim, heir] = [work(), work()]
  await until(() => victim.said.includes('assigned 1') || heir.said.includes('assigned 1'))
  await until(() => victim.said.some((line) => line.startsWith('assigned')))
  await end(victim, 'SIGKILL')
  const killed = performance.now()
  for (let partition = 0; partition < partitions; partition++)
    await send(log, [batchOf('input', partition, numbered(50))])
  await until(async () => (await copied()) === partitions * 50)
  expect(performance.now() - killed).toBeLessThan(2500)
  await end(heir, 'SIGTERM')
  await expectExactlyOnce(50)
})

test('one that was stopped past its lease is fenced when it goes on, and joins again', async () => {
  for (let partition = 0; partition < partitions; partition++)
    await send(log, [batchOf('input', partition, numbered(10))])
  const zombie = work('pause')
  await until(() => zombie.said.includes('claim'))
  zombie.process.kill('SIGSTOP')
  const heir = work()
  await until(async () => (await copied()) === partitions * 10, 20_000)
  zombie.process.kill('SIGCONT')
  zombie.process.stdin?.write('go on\n')
  await until(() => zombie.said.some((line) => line.startsWith('FENCED')))
  expect(zombie.said).toContain('FENCED aborted')
  await until(() => zombie.said.filter((line) => line.startsWith('assigned')).length === 2)
  expect(zombie.said).toContain(`revoked ${partitions}`)
  expect(heir.said.filter((line) => line.startsWith('revoked')).length).toBeGreaterThan(0)
  await end(zombie, 'SIGTERM')
  await end(heir, 'SIGTERM')
  await expectExactlyOnce(10)
})
