import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Log } from '../log.ts'
import { RecordsBuilder } from '../records.ts'
import type { LogUnderTest, Row } from './harness.ts'
import {
  batchOf,
  forever,
  newTopic,
  numbered,
  readAll,
  rowsOf,
  send,
  uniqueName,
  until,
  valuesOf,
} from './harness.ts'

/** What every log does outside consumer groups. */
export function producingContract(lend: () => { log: Log; under: LogUnderTest }): void {
  test('records come back in order, with their offsets, keys and timestamps', async () => {
    const { log } = lend()
    const topic = await newTopic(log, 2)
    await send(log, [batchOf(topic, 0, ['a', 'b'], 5), batchOf(topic, 1, ['c']), batchOf(topic, 0, ['d'])])
    const rows = await readAll(log, topic)
    expect(rows.map(({ value }) => value)).toEqual(['a', 'b', 'd'])
    expect(rows.map(({ timestamp }) => timestamp)).toEqual([5, 6, 1000])
    expect(rows.every(({ key, offset }, i) => key === 'k' && offset > (rows[i - 1]?.offset ?? -1))).toBe(true)
    expect((await readAll(log, topic, 1)).map(({ value }) => value)).toEqual(['c'])
  })

  test('reading begins in the middle of a batch, and ends where nothing is', async () => {
    const { log } = lend()
    const topic = await newTopic(log)
    await send(log, [batchOf(topic, 0, numbered(10))])
    const rows = await readAll(log, topic)
    const from = rows[4]?.offset as number
    expect((await readAll(log, topic, 0, from)).map(({ value }) => value)).toEqual([
      '4',
      '5',
      '6',
      '7',
      '8',
      '9',
    ])
    const [latest] =
      (await log.topics()).find(({ name }) => name === topic)?.offsets.map((o) => o.latest) ?? []
    expect(await log.read(topic, 0, latest as number, 1000)).toBeUndefined()
  })

  test('values may be empty, and keys any text', async () => {
    const { log } = lend()
    const topic = await newTopic(log)
    const builder = new RecordsBuilder(topic, 0)
    builder.add('', new Uint8Array(), 1)
    builder.add('Grüße 你好 \u0000', Buffer.from([0, 255]), 2)
    await send(log, [builder.take()])
    const rows = await readAll(log, topic)
    expect(rows.map(({ key }) => key)).toEqual(['', 'Grüße 你好 \u0000'])
  })

  test('an empty batch writes nothing', async () => {
    const { log } = lend()
    const topic = await newTopic(log)
    await send(log, [new RecordsBuilder(topic, 0).take()])
    expect(await log.read(topic, 0, 0, 1000)).toBeUndefined()
  })

  test('a batch of many bytes comes back whole', async () => {
    const { log } = lend()
    const topic = await newTopic(log)
    const text = 'x'.repeat(10_000)
    await send(log, [batchOf(topic, 0, numbered(400, text))])
    const rows = await readAll(log, topic)
    expect(rows.map(({ value }) => value.slice(text.length))).toEqual(numbered(400))
  })

  test('the largest record fits; a larger one is refused, and nothing of its append is written', async () => {
    const { log, under } = lend()
    const topic = await newTopic(log)
    const sized = (bytes: number) => {
      const builder = new RecordsBuilder(topic, 0)
      builder.add('k', Buffer.alloc(bytes, 7), 1)
      return builder.take()
    }
    const producer = await log.producer(uniqueName('producer'))
    await expect(
      producer.append([batchOf(topic, 0, ['a']), sized(under.maxRecordBytes + 1)]),
    ).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
    })
    expect(await log.read(topic, 0, 0, 1000)).toBeUndefined()
    await producer.append([sized(under.maxRecordBytes - 1)])
    await until(async () => (await log.read(topic, 0, 0, 1000)) !== undefined)
    expect((await log.read(topic, 0, 0, 1000))?.data.length).toBe(under.maxRecordBytes)
  })

  test('an append to an unknown topic or partition is refused, and nothing of it is written', async () => {
    const { log } = lend()
    const topic = await newTopic(log)
    const producer = await log.producer(uniqueName('producer'))
    for (const bad of [batchOf('no-such-topic', 0, ['b']), batchOf(topic, 7, ['b'])])
      await expect(producer.append([batchOf(topic, 0, ['a']), bad])).rejects.toMatchObject({
        code: 'UNKNOWN_TOPIC',
      })
    expect(await log.read(topic, 0, 0, 1000)).toBeUndefined()
  })

  test('appends that overlap all arrive, in the order of the calls', async () => {
    const { log } = lend()
    const topic = await newTopic(log)
    const producer = await log.producer(uniqueName('producer'))
    await Promise.all(numbered(50).map((value) => producer.append([batchOf(topic, 0, [value])])))
    await until(async () => (await readAll(log, topic)).length === 50)
    expect((await readAll(log, topic)).map(({ value }) => value)).toEqual(numbered(50))
  })

  test('a producer remembers its position; the next of its id fences it', async () => {
    const { log, under } = lend()
    const topic = await newTopic(log)
    const id = uniqueName('producer')
    const first = await log.producer(id)
    expect(first.position).toBeUndefined()
    await first.append([batchOf(topic, 0, ['a'])], 'line 1')
    await first.append([batchOf(topic, 0, ['b'])])
    expect(first.position).toBe('line 1')
    const second = await (await under.open()).producer(id)
    expect(second.position).toBe('line 1')
    await expect(first.append([batchOf(topic, 0, ['c'])], 'line 2')).rejects.toMatchObject({ code: 'FENCED' })
    await second.append([batchOf(topic, 0, ['d'])], 'line 3')
    expect((await log.producer(id)).position).toBe('line 3')
    await until(async () => (await readAll(log, topic)).length === 3)
    expect((await readAll(log, topic)).map(({ value }) => value)).toEqual(['a', 'b', 'd'])
  })

  test('what one client appends, another reads', async () => {
    const { log, under } = lend()
    const topic = await newTopic(log)
    const other = await under.open()
    expect(await other.read(topic, 0, 0, 1000)).toBeUndefined()
    await send(log, [batchOf(topic, 0, ['a'])])
    expect(valuesOf(await other.read(topic, 0, 0, 1000))).toEqual(['a'])
  })

  test('a topic is followed from positions on, in order, until the signal', async () => {
    const { log, under } = lend()
    const topic = await newTopic(log, 2)
    await send(log, [batchOf(topic, 0, ['before', 'a0']), batchOf(topic, 1, ['b0'])])
    const second = (await readAll(log, topic))[1]?.offset as number
    const seen: Row[] = []
    const controller = new AbortController()
    const following = (await under.open()).tail(
      topic,
      [second, 0],
      async (records) => void seen.push(...rowsOf(records)),
      controller.signal,
    )
    for (let i = 1; i < 20; i++) await send(log, [batchOf(topic, i % 2, [`${i % 2 ? 'b' : 'a'}${i}`])])
    await until(() => seen.length === 21)
    const of = (partition: number) =>
      seen.filter((row) => row.partition === partition).map(({ value }) => value)
    expect(of(0)).toEqual(['a0', ...[2, 4, 6, 8, 10, 12, 14, 16, 18].map((i) => `a${i}`)])
    expect(of(1)).toEqual(['b0', ...[1, 3, 5, 7, 9, 11, 13, 15, 17, 19].map((i) => `b${i}`)])
    controller.abort()
    await following
  })

  test('following ends with what its listener throws, and goes on elsewhere from its positions', async () => {
    const { log } = lend()
    const topic = await newTopic(log)
    await send(log, [batchOf(topic, 0, ['a', 'b'])])
    const signal = new AbortController().signal
    const failing = () => Promise.reject(new Error('the listener is broken'))
    await expect(log.tail(topic, [0], failing, signal)).rejects.toThrow('the listener is broken')
    await log.tail(topic, [0], () => expect.unreachable('the signal was aborted before'), AbortSignal.abort())
    await expect(log.tail('no-such-topic', [0], () => {}, signal)).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC',
    })
  })

  test('an offset is found by time', async () => {
    const { log } = lend()
    const topic = await newTopic(log)
    await send(log, [batchOf(topic, 0, numbered(10), 1000)])
    await send(log, [batchOf(topic, 0, numbered(10), 2000)])
    const rows = await readAll(log, topic)
    const at = async (timestamp: number) =>
      rows.find(({ offset }) => offset === found.get(timestamp))?.timestamp ?? 'end'
    const found = new Map<number, number>()
    for (const timestamp of [0, 1004, 1500, 2009, 2010])
      found.set(timestamp, await log.offsetAt(topic, 0, timestamp))
    expect(await Promise.all([...found.keys()].map(at))).toEqual([1000, 1004, 2000, 2009, 'end'])
  })

  test('the first record to come is never passed over by who asks for an offset by time just then', async () => {
    const { log } = lend()
    const topic = await newTopic(log, 20)
    const found: number[] = []
    for (let partition = 0; partition < 20; partition++) {
      const sent = send(log, [batchOf(topic, partition, ['first'], 1000)])
      let asking = true
      const settled = sent.finally(() => {
        asking = false
      })
      for (; asking; await turn()) found.push(await log.offsetAt(topic, partition, 0))
      await settled
    }
    expect(new Set(found)).toEqual(new Set([0]))
  })

  test('a topic is described; creating it again keeps its partitions and sets its retention', async () => {
    const { log } = lend()
    const topic = await newTopic(log, 3)
    await log.createTopics([{ name: topic, partitions: 5, retentionMs: 60_000, retentionBytes: 1_000_000 }])
    const described = async () => (await log.topics()).find(({ name }) => name === topic)
    // In a cluster whoever is asked may hear of it a moment later
    await until(async () => (await described())?.retentionMs === 60_000)
    expect(await described()).toMatchObject({ partitions: 3, retentionMs: 60_000, retentionBytes: 1_000_000 })
    expect((await described())?.offsets.map(({ earliest, latest }) => [earliest, latest])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ])
  })

  test('retention by time removes the oldest records; reading them says so', async () => {
    const { log, under } = lend()
    const topic = uniqueName('topic')
    const now = Date.now()
    await log.createTopics([{ name: topic, partitions: 1, ...forever, retentionMs: 60_000 }])
    await send(log, [batchOf(topic, 0, ['old'], now - 120_000)])
    await send(log, [batchOf(topic, 0, ['new'], now + 120_000)])
    await under.retain(log, now + 90_000)
    const earliest = async () => (await log.topics()).find(({ name }) => name === topic)?.offsets[0]?.earliest
    await until(async () => (await earliest()) !== 0)
    await expect(log.read(topic, 0, 0, 1000)).rejects.toMatchObject({ code: 'OFFSET_OUT_OF_RANGE' })
    expect(valuesOf(await log.read(topic, 0, (await earliest()) as number, 1000))).toEqual(['new'])
  })
}
