import { setTimeout as sleep } from 'node:timers/promises'
import { createPartitionsV3, deleteRecordsV2, deleteTopicsV6 } from '@platformatic/kafka'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../../../servers/describe.ts'
import { type KafkaServer, kafkaMissing, startKafka } from '../../../servers/kafka.ts'
import {
  batchOf,
  forever,
  newTopic,
  numbered,
  type Observed,
  observe,
  readAll,
  send,
  uniqueName,
  until,
} from '../contract/harness.ts'
import { openLog, operator } from './fixture.ts'

describeWith(kafkaMissing, 'consumer groups on Kafka', () => {
  let kafka: KafkaServer
  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(() => kafka.stop())

  const removed = async (topic: string, before: number) => {
    const partitions = [{ partitionIndex: 0, offset: BigInt(before) }]
    const target = { leader: { topic, partition: 0 } }
    const request = [{ name: topic, partitions }]
    await operator(kafka).insist('deleting', target, 'control', deleteRecordsV2.api, request, 5000)
  }

  test('a source whose position Kafka has forgotten does not begin anew by itself', async () => {
    const log = openLog(kafka)
    const topic = await newTopic(log)
    const id = uniqueName('source:file')
    const first = await log.producer(id)
    expect(first.position).toBeUndefined()
    await first.append([batchOf(topic, 0, ['row'])], 'line 1')
    await first.close()
    const again = await log.producer(id)
    expect(again.position).toBe('line 1')
    await again.close()
    await log.forget(`murmur-producer-${encodeURIComponent(id)}`)
    const lost = await log.producer(id)
    expect(() => lost.position).toThrow(
      expect.objectContaining({
        code: 'POSITION_LOST',
        message: expect.stringMatching(/give it another name$/),
      }),
    )
    // Who keeps no position, such as a gateway, has lost nothing
    await lost.append([batchOf(topic, 0, ['more'])])
    expect((await readAll(log, topic)).map(({ value }) => value)).toEqual(['row', 'more'])
  })

  test('a producer that never noted a position may start as often as it likes', async () => {
    const log = openLog(kafka)
    await newTopic(log)
    const id = uniqueName('source:file')
    for (let i = 0; i < 3; i++) {
      const producer = await log.producer(id)
      expect(producer.position).toBeUndefined()
      await producer.close()
    }
  })

  test('members come and go under load: every record once, in order, and none is worked on twice', async () => {
    const partitions = 8
    const log = openLog(kafka)
    const topic = await newTopic(log, partitions)
    const group = uniqueName('group')
    const values: string[][] = numbered(partitions).map(() => [])
    let claimed = 0
    const join = async () => {
      const observed = await observe(
        openLog(kafka),
        { group, topics: [topic], maxRecords: 50 },
        async (claim) => {
          claimed += claim.batches.reduce((sum, { count }) => sum + count, 0)
          await sleep(5)
          await claim.commit([])
        },
      )
      return observed
    }
    const members: Observed[] = [await join(), await join()]
    const all = new Set<Observed>(members)
    const producer = await log.producer(uniqueName('producer'))
    let sent = 0
    let producing = true
    const load = (async () => {
      for (; producing; sent++)
        await producer.append(
          numbered(partitions).map((_, partition) => batchOf(topic, partition, [`${sent}`])),
        )
    })()
    for (let i = 0; i < 5; i++) {
      const member = await join()
      members.push(member)
      all.add(member)
      await until(() => member.rows.length > 0)
      await members.shift()?.consumer.stop()
    }
    producing = false
    await load
    const seen = () => [...all].flatMap((one) => one.rows)
    await until(() => seen().length >= sent * partitions)
    for (const { consumer } of members) await consumer.stop()
    for (const { partition, value } of [...seen()].sort((a, b) => a.offset - b.offset))
      values[partition]?.push(value)
    expect(values).toEqual(numbered(partitions).map(() => numbered(sent)))
    expect(claimed).toBe(sent * partitions)
  })

  test('a claim that takes longer than the session, while another joins, is committed by its owner', async () => {
    const log = openLog(kafka, { sessionTimeoutMs: 1000 })
    const topic = await newTopic(log, 2)
    const group = uniqueName('group')
    await send(log, [batchOf(topic, 0, ['a']), batchOf(topic, 1, ['b'])])
    const slow = await observe(log, { group, topics: [topic] }, async (claim) => {
      await sleep(2500)
      await claim.commit([])
    })
    await until(() => slow.claims.length === 1)
    const other = await observe(openLog(kafka), { group, topics: [topic] })
    await until(() => slow.rows.length + other.rows.length === 2)
    expect(slow.rows).toHaveLength(slow.claims.flat().length)
    await Promise.all([slow.consumer.stop(), other.consumer.stop()])
  })

  test('who stops while it joins is no ghost that the others wait for', async () => {
    const topic = await newTopic(openLog(kafka), 2)
    const group = uniqueName('group')
    for (let i = 0; i < 4; i++) {
      const early = await observe(openLog(kafka), { group, topics: [topic] })
      await sleep(i * 4)
      await early.consumer.stop()
    }
    const start = performance.now()
    const { consumer } = await observe(openLog(kafka), { group, topics: [topic] })
    await until(() => consumer.assigned.length === 2)
    expect(performance.now() - start).toBeLessThan(2000)
    await consumer.stop()
  })

  test('retention that has passed a group is told with numbers, and the group goes on', async () => {
    const warnings: string[] = []
    const log = openLog(kafka, { warn: (message) => warnings.push(message) })
    const topic = await newTopic(log)
    const group = uniqueName('group')
    await send(log, [batchOf(topic, 0, numbered(10))])
    await log.seek(group, [{ topic, partition: 0, offset: 2 }])
    await removed(topic, 7)
    const seen = await observe(log, { group, topics: [topic] })
    await until(() => seen.rows.length === 3)
    await seen.consumer.stop()
    expect(seen.rows.map(({ value }) => value)).toEqual(['7', '8', '9'])
    expect(warnings).toEqual([expect.stringMatching(/offset 2 .* before 7: 5 records are lost/)])
  })

  test('a group that stands behind the end of its topic ends, and says so', async () => {
    const log = openLog(kafka)
    const topic = await newTopic(log)
    const group = uniqueName('group')
    await log.seek(group, [{ topic, partition: 0, offset: 5 }])
    const seen = await observe(log, { group, topics: [topic] })
    await expect(seen.consumer.done).rejects.toMatchObject({
      code: 'OFFSET_OUT_OF_RANGE',
      message: expect.stringContaining('offset 5'),
    })
  })

  test('a topic that is deleted ends its readers', async () => {
    const log = openLog(kafka)
    const topic = await newTopic(log)
    const seen = await observe(log, { group: uniqueName('group'), topics: [topic] })
    await until(() => seen.assigned.length === 1)
    const doomed = [{ name: topic }]
    await operator(kafka).insist('deleting', 'controller', 'control', deleteTopicsV6.api, doomed, 5000)
    await expect(seen.consumer.done).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC' })
  })

  test('a topic that has grown is read everywhere, soon', async () => {
    const log = openLog(kafka, { metadataMs: 300 })
    const topic = await newTopic(log, 1)
    const seen = await observe(log, { group: uniqueName('group'), topics: [topic] })
    await until(() => seen.assigned.length === 1)
    const grown = { name: topic, count: 3, assignments: [{ brokerIds: [1] }, { brokerIds: [1] }] }
    await operator(kafka).insist(
      'growing',
      'controller',
      'control',
      createPartitionsV3.api,
      [grown],
      5000,
      false,
    )
    await until(() => seen.consumer.assigned.length === 3)
    await send(log, [batchOf(topic, 2, ['a'])])
    await until(() => seen.rows.length === 1)
    expect(seen.revoked).toEqual([])
    await seen.consumer.stop()
  })

  test('members that read different topics under one group id share only what both read', async () => {
    const log = openLog(kafka)
    const [left, both, right] = [await newTopic(log, 2), await newTopic(log, 4), await newTopic(log, 2)]
    const group = uniqueName('group')
    const one = await observe(log, { group, topics: [left, both] })
    const two = await observe(openLog(kafka), { group, topics: [both, right] })
    const topics = [left, both, right]
    await until(() => [one, two].every(({ consumer }) => consumer.assigned.length === 4))
    for (const topic of topics) await send(log, [batchOf(topic, 0, [topic]), batchOf(topic, 1, [topic])])
    await until(() => one.rows.length + two.rows.length === 6)
    expect([...one.rows, ...two.rows].map(({ value }) => value).sort()).toEqual([...topics, ...topics].sort())
    await Promise.all([one.consumer.stop(), two.consumer.stop()])
  })

  test('at least once: outputs are written, and the group moves', async () => {
    const log = openLog(kafka, { guarantee: 'at-least-once' })
    const [input, output] = [await newTopic(log), await newTopic(log)]
    const group = uniqueName('group')
    await send(log, [batchOf(input, 0, numbered(100))])
    const work = { group, topics: [input], maxRecords: 30 }
    const seen = await observe(log, work, (claim) =>
      claim.commit(claim.batches.map((records) => ({ ...records, topic: output }))),
    )
    await until(() => seen.rows.length === 100)
    await seen.consumer.stop()
    expect((await readAll(log, output)).map(({ value }) => value)).toEqual(numbered(100))
    const committed = (await log.groups()).find((one) => one.group === group)?.committed
    const end = (await log.topics()).find(({ name }) => name === input)?.offsets[0]?.latest
    expect(committed).toMatchObject([{ offset: end }])
  })

  test('a producer that was taken over stays so: it does not take its id back', async () => {
    const log = openLog(kafka)
    const topic = await newTopic(log)
    const id = uniqueName('producer')
    const former = await log.producer(id)
    await former.append([batchOf(topic, 0, ['a'])])
    const present = await openLog(kafka).producer(id)
    for (const value of ['b', 'c'])
      await expect(former.append([batchOf(topic, 0, [value])])).rejects.toMatchObject({ code: 'FENCED' })
    await present.append([batchOf(topic, 0, ['d'])])
    await until(async () => (await readAll(log, topic)).length === 2)
    expect((await readAll(log, topic)).map(({ value }) => value)).toEqual(['a', 'd'])
  })

  test.each([
    ['sessionTimeoutMs', { sessionTimeoutMs: 1 }, 'log.kafka.sessionTimeout'],
    ['transactionTimeoutMs', { transactionTimeoutMs: 100_000_000 }, 'log.kafka.transactionTimeout'],
  ])('%s beyond what the broker takes is refused, with the key', async (_, options, key) => {
    const log = openLog(kafka, options)
    const topic = uniqueName('topic')
    await log.createTopics([{ name: topic, partitions: 1, ...forever }])
    const { consumer } = await observe(log, { group: uniqueName('group'), topics: [topic] })
    await expect(consumer.done).rejects.toMatchObject({
      code: 'MISCONFIGURED',
      message: expect.stringContaining(key),
    })
  })
})
