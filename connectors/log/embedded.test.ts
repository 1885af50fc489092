import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Environment, openEnvironment } from '../embedded/environment.ts'
import { batchOf, forever, observe, send, until, valuesOf } from './contract/harness.ts'
import { logContract } from './contract.ts'
import { append } from './embedded/partitions.ts'
import { type EmbeddedLog, embeddedLog } from './embedded.ts'
import type { Records } from './records.ts'

logContract('the embedded log', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'murmur-log-'))
  const opened: { environment: Environment; log: EmbeddedLog }[] = []
  return {
    maxRecordBytes: 10_485_760 + 65_536,
    async open() {
      const environment = openEnvironment(folder)
      const log = embeddedLog(environment, { heartbeatMs: 200 })
      opened.push({ environment, log })
      return log
    },
    async retain(log, now) {
      await (log as EmbeddedLog).retain(now)
    },
    async close() {
      for (const { log } of opened) await log.close()
      for (const { environment } of opened) await environment.close()
      rmSync(folder, { recursive: true })
    },
  }
})

describe('the embedded log', () => {
  let folder: string
  let environment: Environment
  let log: EmbeddedLog
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'murmur-log-'))
    environment = openEnvironment(folder, { maxBytes: 1_000_000 })
    log = embeddedLog(environment, { heartbeatMs: 50 })
  })
  afterEach(async () => {
    await log.close()
    await environment.close()
    rmSync(folder, { recursive: true })
  })

  const hour = 3_600_000
  /** When an hour has passed since the records came in. */
  const later = () => Date.now() + 2 * hour

  const offsets = async (topic: string) => (await log.topics()).find(({ name }) => name === topic)?.offsets[0]

  test('refuses appends past its budget, and takes them again once retention has made room', async () => {
    await log.createTopics([{ name: 'small', partitions: 1, ...forever, retentionBytes: 100_000 }])
    const producer = await log.producer('p')
    const batch = batchOf('small', 0, ['x'.repeat(90_000)])
    for (let i = 0; i < 10; i++) await producer.append([batch])
    await expect(Promise.all([producer.append([batch]), producer.append([batch])])).rejects.toMatchObject({
      code: 'LOG_FULL',
      retryable: true,
    })
    expect((await offsets('small'))?.latest).toBe(10)
    expect(await log.retain(Date.now())).toBe(9)
    await producer.append([batch])
    expect(await offsets('small')).toMatchObject({ earliest: 9, latest: 11 })
  })

  test('retention keeps what a group has yet to read', async () => {
    await log.createTopics([{ name: 'slow', partitions: 1, ...forever, retentionMs: hour }])
    for (let i = 0; i < 150; i++) await send(log, [batchOf('slow', 0, ['a', 'b'], 5)])
    await log.seek('group', [{ topic: 'slow', partition: 0, offset: 201 }])
    expect(await log.retain(Date.now())).toBe(0)
    expect(await log.retain(later())).toBe(200)
    expect((await offsets('slow'))?.earliest).toBe(200)
    await log.seek('group', [{ topic: 'slow', partition: 0, offset: 300 }])
    expect(await log.retain(later())).toBe(100)
    expect(await offsets('slow')).toEqual({ earliest: 300, latest: 300, bytes: 0 })
  })

  test('of two sweeps at once, one does the work', async () => {
    await log.createTopics([{ name: 'swept', partitions: 1, ...forever, retentionMs: hour }])
    await send(log, [batchOf('swept', 0, ['a'], 5)])
    const other = embeddedLog(environment)
    expect(await Promise.all([log.retain(later()), other.retain(later())])).toEqual([1, 0])
    await other.close()
  })

  test('a reader whose position retention has passed goes on with the earliest record', async () => {
    await log.createTopics([{ name: 'passed', partitions: 1, ...forever, retentionMs: hour }])
    await send(log, [batchOf('passed', 0, ['old'], 5)])
    await log.retain(later())
    await send(log, [batchOf('passed', 0, ['new'], Date.now())])
    await log.seek('group', [{ topic: 'passed', partition: 0, offset: 0 }])
    const seen = await observe(log, { group: 'group', topics: ['passed'] })
    await until(() => seen.rows.length === 1)
    expect(seen.rows[0]?.value).toBe('new')
  })

  test.each([
    ['cut short', (value: Buffer) => value.subarray(0, 40)],
    ['of another format', (value: Buffer) => Buffer.concat([Buffer.of(9), value.subarray(1)])],
    ['empty', () => Buffer.alloc(0)],
  ])('a stored batch that is %s says where it is', async (_, damage) => {
    await log.createTopics([{ name: 'hurt', partitions: 1, ...forever }])
    await send(log, [batchOf('hurt', 0, ['a', 'b'])])
    const key = ['hurt', 0, 0]
    const value = environment.batches.getBinary(key) as Buffer
    environment.transaction(() => environment.batches.putSync(key, damage(value)))
    const fault = { code: 'UNAVAILABLE', message: expect.stringContaining('hurt/0@0 is damaged') }
    await expect(log.read('hurt', 0, 0, 1000)).rejects.toMatchObject(fault)
    await expect(log.read('hurt', 0, 1, 1000)).rejects.toMatchObject(fault)
    const seen = await observe(log, { group: 'group', topics: ['hurt'] })
    await expect(seen.consumer.done).rejects.toMatchObject(fault)
  })

  test.each([
    ['../up', 1, 'topic name'],
    ['..', 1, 'topic name'],
    ['a b', 1, 'topic name'],
    ['none', 0, 'partitions'],
    ['half', 0.5, 'partitions'],
  ])('no topic is called "%s" with %d partitions', async (name, partitions, problem) => {
    await expect(log.createTopics([{ name, partitions, ...forever }])).rejects.toThrow(problem)
    expect(await log.topics()).toEqual([])
  })

  test('a closed producer refuses, and what it had taken is written', async () => {
    await log.createTopics([{ name: 'last', partitions: 1, ...forever }])
    const producer = await log.producer('p')
    const pending = producer.append([batchOf('last', 0, ['a'])])
    await producer.close()
    await pending
    await expect(producer.append([batchOf('last', 0, ['b'])])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect((await offsets('last'))?.latest).toBe(1)
  })

  test('what is read stays valid when the log changes', async () => {
    await log.createTopics([{ name: 'kept', partitions: 1, ...forever, retentionMs: hour }])
    await send(log, [batchOf('kept', 0, ['first', 'x'.repeat(50_000)], 5)])
    const records = (await log.read('kept', 0, 0, 1000)) as Records
    await log.retain(later())
    for (let i = 0; i < 5; i++) await send(log, [batchOf('kept', 0, ['other', 'y'.repeat(50_000)])])
    expect(valuesOf(records)).toEqual(['first', 'x'.repeat(50_000)])
  })

  test('without watches, those who follow and consumers look for themselves', async () => {
    await log.createTopics([{ name: 'quiet', partitions: 1, ...forever }])
    const seen = await observe(log, { group: 'group', topics: ['quiet'] })
    const controller = new AbortController()
    const values: string[] = []
    const following = log.tail(
      'quiet',
      [0],
      (records) => void values.push(...valuesOf(records)),
      controller.signal,
    )
    await until(() => seen.assigned.length === 1)
    // Written past the log, so that nothing raises the signal.
    environment.transaction(() => append(environment, [batchOf('quiet', 0, ['a'])]))
    await until(() => seen.rows.length === 1 && values.length === 1)
    controller.abort()
    await following
  })

  test('a fault that nobody can mend ends the consumer', async () => {
    await log.createTopics([{ name: 'mended', partitions: 1, ...forever }])
    const seen = await observe(log, { group: 'group', topics: ['mended'] })
    await until(() => seen.assigned.length === 1)
    environment.transaction(() => environment.meta.putSync(['group', 'group'], 'not a list'))
    await expect(seen.consumer.done).rejects.toThrow()
    environment.transaction(() => environment.meta.putSync(['group', 'group'], []))
  })
})
