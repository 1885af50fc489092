import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { describeWith } from '../../../servers/describe.ts'
import { type KafkaServer, kafkaMissing, startKafka } from '../../../servers/kafka.ts'
import { freePorts } from '../../../servers/ports.ts'
import {
  batchOf,
  forever,
  newTopic,
  numbered,
  observe,
  readAll,
  uniqueName,
  until,
} from '../contract/harness.ts'
import { kafkaLog } from '../kafka.ts'
import type { Log, Producer } from '../log.ts'
import { openLog, operator, setTopic } from './fixture.ts'

/** Appends numbers, one a call, until it is told to stop; what failed without an answer is opened again and looked up. */
function produce(log: Log, topic: string) {
  let going = true
  const id = uniqueName('producer')
  async function run(): Promise<number> {
    let producer: Producer | undefined
    let next = 0
    while (going) {
      try {
        producer ??= await log.producer(id)
        next = producer.position === undefined ? 0 : Number(producer.position) + 1
        await producer.append([batchOf(topic, next % 2, [`${next}`])], `${next}`)
        next++
        await sleep(2)
      } catch {
        producer = undefined
        await sleep(50)
      }
    }
    return next
  }
  const running = run()
  return {
    async end() {
      going = false
      return running
    },
  }
}

/** Copies what is produced while `hurt` is at work, and expects all of it, once, in order. */
async function expectNothingLost(log: Log, hurt: (copied: () => number, input: string) => Promise<void>) {
  const [input, output] = [uniqueName('input'), uniqueName('output')]
  await log.createTopics([input, output].map((name) => ({ name, partitions: 2, ...forever })))
  const faults: (string | undefined)[] = []
  const subscription = {
    group: uniqueName('group'),
    topics: [input],
    onFault: (reason: string | undefined) => void faults.push(reason),
  }
  const seen = await observe(log, subscription, async (claim) => {
    // As the runtime does: what fails for the world's fault is tried again with the next claim
    await claim.commit(claim.batches.map((records) => ({ ...records, topic: output }))).catch((cause) => {
      if (cause.code === 'FENCED' && claim.signal.aborted) throw cause
    })
  })
  const producing = produce(log, input)
  const copied = () => seen.rows.length
  await until(() => copied() > 20)
  await hurt(copied, input)
  const count = await producing.end()
  const values = async (partition: number) =>
    (await readAll(log, output, partition)).map(({ value }) => Number(value))
  await until(async () => [...(await values(0)), ...(await values(1))].length >= count, 20_000)
  await seen.consumer.stop()
  await seen.consumer.done
  for (const partition of [0, 1])
    expect(await values(partition)).toEqual(
      numbered(count)
        .map(Number)
        .filter((one) => one % 2 === partition),
    )
  return faults
}

test('a broker that is away at the start is reported in time, with its address', async () => {
  const [port] = await freePorts(1)
  const log = kafkaLog({ brokers: [`127.0.0.1:${port}`], requestTimeoutMs: 500 })
  onTestFinished(() => log.close())
  const start = performance.now()
  const failure = {
    code: 'UNAVAILABLE',
    message: expect.stringMatching(new RegExp(`${port}.*log.kafka.brokers`)),
  }
  await expect(log.topics()).rejects.toMatchObject(failure)
  await expect(log.producer('p')).rejects.toMatchObject(failure)
  await expect(observe(log, { group: 'g', topics: ['t'] })).rejects.toMatchObject(failure)
  expect(performance.now() - start).toBeLessThan(3000)
})

describeWith(kafkaMissing, 'a Kafka of one broker', () => {
  let kafka: KafkaServer
  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(() => kafka.stop())

  test('is killed and comes back: consumers and producers go on by themselves', async () => {
    const log = openLog(kafka)
    const faults = await expectNothingLost(log, async (copied) => {
      await kafka.kill(0)
      await sleep(1000)
      await kafka.restart(0)
      const before = copied()
      await until(() => copied() > before + 20, 20_000)
    })
    expect(faults[0]).toContain(kafka.brokers[0])
    expect(faults.at(-1)).toBeUndefined()
  })

  test('hangs and goes on: consumers and producers go on by themselves', async () => {
    const log = openLog(kafka, { requestTimeoutMs: 2000 })
    const faults = await expectNothingLost(log, async (copied) => {
      kafka.pause(0)
      await sleep(3000)
      kafka.resume(0)
      const before = copied()
      await until(() => copied() > before + 20, 20_000)
    })
    expect(faults[0]).toContain(kafka.brokers[0])
    expect(faults.at(-1)).toBeUndefined()
  })

  test('a consumer stops in time while the broker hangs', async () => {
    const log = openLog(kafka)
    const topic = uniqueName('topic')
    await log.createTopics([{ name: topic, partitions: 1, ...forever }])
    const seen = await observe(log, { group: uniqueName('group'), topics: [topic] })
    await until(() => seen.assigned.length === 1)
    kafka.pause(0)
    onTestFinished(() => kafka.resume(0))
    const start = performance.now()
    await seen.consumer.stop()
    expect(performance.now() - start).toBeLessThan(2500)
  })
})

describeWith(kafkaMissing, 'a Kafka of three brokers', () => {
  let kafka: KafkaServer
  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 })
  }, 60_000)
  afterAll(() => kafka.stop())

  test('loses a leader: consumers and producers go on within seconds', async () => {
    const log = openLog(kafka, { replicationFactor: 3, requestTimeoutMs: 15_000 })
    const safe = await newTopic(log)
    await expectNothingLost(log, async (copied, input) => {
      const [leader] = await operator(kafka).leaders(input)
      await kafka.kill((leader as number) - 1)
      const before = copied()
      await until(() => copied() > before + 20, 15_000)
      await log.createTopics([{ name: uniqueName('topic'), partitions: 6, ...forever }])
      await setTopic(operator(kafka), safe, 'min.insync.replicas', '3')
      const careful = await openLog(kafka, { requestTimeoutMs: 1000 }).producer(uniqueName('producer'))
      await expect(careful.append([batchOf(safe, 0, ['a'])])).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringContaining('min.insync.replicas'),
      })
      await kafka.restart((leader as number) - 1)
      await until(
        () =>
          careful.append([batchOf(safe, 0, ['b'])]).then(
            () => true,
            () => false,
          ),
        20_000,
      )
    })
  })
})
