import { createPartitionsV3, Producer } from '@platformatic/kafka'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { describeWith } from '../../../servers/describe.ts'
import { type KafkaServer, kafkaMissing, startKafka } from '../../../servers/kafka.ts'
import {
  batchOf,
  newTopic,
  numbered,
  observe,
  readAll,
  send,
  uniqueName,
  until,
  valuesOf,
} from '../contract/harness.ts'
import { type Records, RecordsBuilder } from '../records.ts'
import { scanBatches } from './batch/scan.ts'
import { openLog, operator, setTopic } from './fixture.ts'

describeWith(kafkaMissing, 'record batches on Kafka', () => {
  let kafka: KafkaServer
  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(() => kafka.stop())

  function sized(topic: string, partition: number, count: number, bytes: number): Records {
    const builder = new RecordsBuilder(topic, partition)
    for (let i = 0; i < count; i++) builder.add(`${i}`, Buffer.alloc(bytes, 65 + (i % 26)), Date.now())
    return builder.take()
  }

  test.each(['none', 'gzip', 'snappy', 'lz4'] as const)(
    '%s: what is written is read',
    async (compression) => {
      const log = openLog(kafka, { compression })
      const topic = await newTopic(log)
      const values = numbered(500, 'the same text again and again ')
      await send(log, [batchOf(topic, 0, values)])
      expect((await readAll(log, topic)).map(({ value }) => value)).toEqual(values)
      const bytes = (await log.topics()).find(({ name }) => name === topic)?.offsets[0]?.bytes as number
      if (compression === 'none') expect(bytes).toBeGreaterThan(16_000)
      else expect(bytes).toBeLessThan(8000)
    },
  )

  test.each(['none', 'gzip', 'snappy', 'lz4'] as const)(
    "%s: other clients' records, with headers and without keys or values",
    async (compression) => {
      const log = openLog(kafka)
      const topic = await newTopic(log)
      const producer = new Producer({ clientId: 'other', bootstrapBrokers: [...kafka.brokers], compression })
      onTestFinished(() => producer.close())
      const headers = new Map([
        [Buffer.from('trace'), Buffer.from('1')],
        [Buffer.from('t'), Buffer.from('x')],
      ])
      const at = BigInt(Date.now() - 1000)
      const messages = [
        { key: Buffer.from('a'), value: Buffer.from('1'), headers, timestamp: at },
        { value: Buffer.from('2'), timestamp: at + 1n },
        { key: Buffer.from('tombstone'), timestamp: at + 2n },
        ...numbered(50).map((i) => ({ key: Buffer.from('k'), value: Buffer.from(i), timestamp: at + 3n })),
      ]
      await producer.send({ messages: messages.map((one) => ({ topic, partition: 0, ...one })) as never })
      const rows = await readAll(log, topic)
      expect(rows.slice(0, 3).map(({ key, value }) => [key, value])).toEqual([
        ['a', '1'],
        ['', '2'],
        ['tombstone', ''],
      ])
      expect(rows.slice(0, 3).map(({ timestamp }) => timestamp)).toEqual([0, 1, 2].map((i) => Number(at) + i))
      expect(rows.slice(3).map(({ value }) => value)).toEqual(numbered(50))
    },
  )

  test('a claim with 60 MB of outputs commits', async () => {
    const log = openLog(kafka)
    const [input, output] = [await newTopic(log), await newTopic(log, 3)]
    await send(log, [batchOf(input, 0, ['a'])])
    const seen = await observe(log, { group: uniqueName('group'), topics: [input] }, (claim) =>
      claim.commit(numbered(6).map((_, i) => sized(output, i % 3, 100, 100_000))),
    )
    await until(() => seen.rows.length === 1, 20_000)
    await seen.consumer.stop()
    const described = (await log.topics()).find(({ name }) => name === output)
    expect(described?.offsets.map(({ latest }) => latest)).toEqual([201, 201, 201])
  })

  test('batches are split where a topic takes less; a record that is too large itself is refused', async () => {
    const log = openLog(kafka)
    const topic = await newTopic(log)
    await setTopic(operator(kafka), topic, 'max.message.bytes', '3000')
    const producer = await log.producer(uniqueName('producer'))
    await producer.append([sized(topic, 0, 100, 500)])
    await producer.append([sized(topic, 0, 3, 2800)])
    await until(async () => (await readAll(log, topic)).length === 103)
    await expect(producer.append([sized(topic, 0, 1, 4000)])).rejects.toMatchObject({
      code: 'RECORD_TOO_LARGE',
      message: expect.stringContaining('max.message.bytes'),
    })
    await producer.append([batchOf(topic, 0, ['goes on'])])
    await until(async () => (await readAll(log, topic)).length === 104)
  })

  test('what was aborted is never seen, by no reader', async () => {
    const log = openLog(kafka)
    const topic = await newTopic(log)
    const values: string[] = []
    for (let i = 0; i < 5; i++) {
      await send(log, [batchOf(topic, 0, [`good ${i}`], 1000 + i)])
      values.push(`good ${i}`)
      const producer = await log.producer(uniqueName('producer'))
      // The first batch is written, the second refused: all of it is aborted
      await setTopic(operator(kafka), topic, 'max.message.bytes', '1000')
      await expect(
        producer.append([batchOf(topic, 0, ['bad']), sized(topic, 0, 1, 5000)]),
      ).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' })
    }
    expect((await readAll(log, topic)).map(({ value }) => value)).toEqual(values)
    const [followed, controller]: [string[], AbortController] = [[], new AbortController()]
    const following = log.tail(
      topic,
      [0],
      (records) => void followed.push(...valuesOf(records)),
      controller.signal,
    )
    const seen = await observe(log, { group: uniqueName('group'), topics: [topic] })
    await until(() => seen.rows.length === 5 && followed.length === 5)
    controller.abort()
    await following
    await seen.consumer.stop()
    expect(seen.rows.map(({ value }) => value)).toEqual(values)
    const third = await log.offsetAt(topic, 0, 1002)
    expect(valuesOf(await log.read(topic, 0, third, 1))).toEqual(['good 2'])
    expect(await log.offsetAt(topic, 0, 2000)).toBe(
      (await log.topics()).find(({ name }) => name === topic)?.offsets[0]?.latest,
    )
  })

  test('events of the future and of long ago keep their times', async () => {
    const log = openLog(kafka)
    const topic = await newTopic(log)
    const times = [1, Date.now() - 86_400_000_000, Date.now(), Date.now() + 86_400_000_000]
    for (const time of times) await send(log, [batchOf(topic, 0, [`${time}`], time)])
    const rows = await readAll(log, topic)
    expect(rows.map(({ timestamp }) => timestamp)).toEqual(times)
    expect(await log.offsetAt(topic, 0, 0)).toBe(rows[0]?.offset)
    expect(await log.offsetAt(topic, 0, times[2] as number)).toBe(rows[2]?.offset)
  })

  test('a topic that has grown is written to everywhere', async () => {
    const log = openLog(kafka)
    const topic = await newTopic(log, 1)
    const producer = await log.producer(uniqueName('producer'))
    await expect(producer.append([batchOf(topic, 1, ['a'])])).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
    const grown = { name: topic, count: 2, assignments: [{ brokerIds: [1] }] }
    await operator(kafka).insist(
      'growing',
      'controller',
      'control',
      createPartitionsV3.api,
      [grown],
      5000,
      false,
    )
    await until(() =>
      producer.append([batchOf(topic, 1, ['a'])]).then(
        () => true,
        () => false,
      ),
    )
    await until(async () => (await readAll(log, topic, 1)).length === 1)
  })

  test('more copies than brokers are refused, with the key to look at', async () => {
    const log = openLog(kafka, { replicationFactor: 2 })
    await expect(newTopic(log)).rejects.toMatchObject({
      code: 'MISCONFIGURED',
      message: expect.stringContaining('log.kafka.replicationFactor'),
    })
  })

  test('a batch of a format of before Kafka 0.11 is refused, with the remedy', () => {
    const old = Buffer.alloc(100)
    old.writeInt32BE(88, 8)
    old[16] = 1
    expect(() => scanBatches(old, 0, [])).toThrow('format 2')
  })
})
