import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { describeWith } from '../../../servers/describe.ts'
import { type KafkaServer, kafkaMissing, startKafka } from '../../../servers/kafka.ts'
import { batchOf, forever, numbered, readAll, send, uniqueName, until } from '../contract/harness.ts'
import type { Log } from '../log.ts'
import { openLog } from './fixture.ts'
import type { KafkaLogOptions } from './options.ts'

/** Members in processes of their own (`fixtures/kafka-worker.mjs`, over the build in `dist`), killed and stopped. */

interface Worker {
  readonly process: ChildProcess
  readonly said: string[]
  heard(start: string): boolean
}

const partitions = 4
const sessionTimeoutMs = 2000

describeWith(kafkaMissing, 'members of a Kafka group as processes', () => {
  let kafka: KafkaServer
  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(() => kafka.stop())

  async function prepare() {
    const log = openLog(kafka)
    const [group, input, output] = [uniqueName('group'), uniqueName('input'), uniqueName('output')]
    await log.createTopics([input, output].map((name) => ({ name, partitions, ...forever })))
    const work = (options: Partial<KafkaLogOptions> & { mode?: string } = {}): Worker => {
      const settings = { brokers: kafka.brokers, heartbeatMs: 100, sessionTimeoutMs, ...options }
      return start({ ...settings, group, input, output })
    }
    const fill = (count: number) =>
      send(
        log,
        numbered(partitions).map((_, partition) => batchOf(input, partition, numbered(count))),
      )
    const copied = async () => {
      const all = await Promise.all(
        numbered(partitions).map((_, partition) => readAll(log, output, partition)),
      )
      return all.map((rows) => rows.map(({ value }) => value))
    }
    const copiedAll = async (count: number) => (await copied()).flat().length >= partitions * count
    const expectExactlyOnce = async (count: number) =>
      expect(await copied()).toEqual(numbered(partitions).map(() => numbered(count)))
    return { log, group, input, output, work, fill, copiedAll, expectExactlyOnce }
  }

  function start(options: object): Worker {
    const script = join(import.meta.dirname, '..', 'fixtures', 'kafka-worker.mjs')
    const child = spawn(process.execPath, [script, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const said: string[] = []
    child.stdout.on('data', (text: Buffer) => said.push(...text.toString().trim().split('\n')))
    const worker = {
      process: child,
      said,
      heard: (text: string) => said.some((line) => line.startsWith(text)),
    }
    onTestFinished(() => end(worker, 'SIGKILL'))
    return worker
  }

  async function end({ process: child }: Worker, signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await gone
  }

  const openOf = async (log: Log, group: string) =>
    (await log.transactions()).filter(({ id }) => id.startsWith(`murmur:${group}:`))

  test.each([
    ['with an instance name, at once', { instance: 'one' }, 2000],
    ['without one, after its session', {}, sessionTimeoutMs + 2000],
  ])('who is killed in an open transaction holds nobody up: %s', async (_, options, withinMs) => {
    const { log, group, output, work, fill, copiedAll, expectExactlyOnce } = await prepare()
    await fill(10)
    const victim = work({ ...options, mode: 'hang' })
    await until(() => victim.heard('written'))
    const [open] = await openOf(log, group)
    expect(open?.partitions.map(({ topic }) => topic)).toContain(output)
    await end(victim, 'SIGKILL')
    const heir = work(options)
    await until(() => heir.heard('started'))
    const started = performance.now()
    await until(() => copiedAll(10))
    expect(performance.now() - started).toBeLessThan(withinMs)
    expect(await openOf(log, group)).toEqual([])
    await expectExactlyOnce(10)
  })

  test('what hangs is listed, and an operator ends it: its owner is fenced, and joins again', async () => {
    const { log, group, work, fill, output, copiedAll, expectExactlyOnce } = await prepare()
    await fill(10)
    const stuck = work({ mode: 'hang' })
    await until(() => stuck.heard('written'))
    const [open] = await openOf(log, group)
    expect(open).toMatchObject({ state: 'Ongoing', timeoutMs: 30_000 })
    expect(Math.abs((open?.startedAt ?? 0) - Date.now())).toBeLessThan(10_000)
    await log.abort(open?.id as string)
    expect(await openOf(log, group)).toEqual([])
    expect(await readAll(log, output)).toEqual([])
    stuck.process.stdin?.write('go on\n')
    await until(() => stuck.heard('FENCED aborted'))
    await until(() => copiedAll(10))
    await expectExactlyOnce(10)
  })

  test('a transaction that the broker has ended for its age is done again', async () => {
    const { log, group, work, fill, copiedAll, expectExactlyOnce } = await prepare()
    await fill(10)
    const slow = work({ mode: 'hang', transactionTimeoutMs: 1000 })
    await until(() => slow.heard('written'))
    await until(async () => (await openOf(log, group)).length === 0)
    slow.process.stdin?.write('go on\n')
    await until(() => slow.heard('FENCED aborted'))
    await until(() => copiedAll(10))
    await expectExactlyOnce(10)
  })

  test('a zombie is fenced: nothing that it did is seen, and it joins again', async () => {
    const { work, fill, copiedAll, expectExactlyOnce } = await prepare()
    await fill(10)
    const zombie = work({ mode: 'pause' })
    await until(() => zombie.heard('claim'))
    zombie.process.kill('SIGSTOP')
    const heir = work()
    await until(() => copiedAll(10))
    zombie.process.kill('SIGCONT')
    zombie.process.stdin?.write('go on\n')
    await until(() => zombie.heard('FENCED'))
    await until(() => zombie.said.filter((line) => line.startsWith('assigned')).length === 2)
    expect(zombie.heard('ended')).toBe(false)
    await expectExactlyOnce(10)
    await Promise.all([end(zombie, 'SIGTERM'), end(heir, 'SIGTERM')])
  })

  test('one with an instance name has its partitions back after a restart; the others notice nothing', async () => {
    const { work, fill, copiedAll, expectExactlyOnce } = await prepare()
    // Longer than starting a process takes on a busy machine
    const session = { sessionTimeoutMs: 15_000 }
    const stays = work({ instance: 'stays', ...session })
    await until(() => stays.heard('assigned'))
    const goes = work({ instance: 'goes', ...session })
    await until(() => goes.heard('assigned') && stays.heard('revoked'))
    const [, before] = goes.said
    const heardBefore = stays.said.length
    await end(goes, 'SIGKILL')
    const back = work({ instance: 'goes', ...session })
    await until(() => back.heard('started'))
    const started = performance.now()
    await until(() => back.heard('assigned'))
    expect(performance.now() - started).toBeLessThan(2000)
    expect(back.said[1]).toBe(before)
    expect(stays.said.length).toBe(heardBefore)
    await fill(10)
    await until(() => copiedAll(10))
    await expectExactlyOnce(10)
  })

  test('of two processes with one instance name the older ends, and says why', async () => {
    const { work, fill, copiedAll, expectExactlyOnce } = await prepare()
    const older = work({ instance: 'same' })
    await until(() => older.heard('assigned'))
    const newer = work({ instance: 'same' })
    await until(() => older.heard('left'), 25_000)
    expect(older.said.find((line) => line.startsWith('ended FENCED'))).toContain('log.kafka.instance')
    await fill(10)
    await until(() => copiedAll(10))
    expect(newer.heard('ended')).toBe(false)
    await expectExactlyOnce(10)
  })
})
