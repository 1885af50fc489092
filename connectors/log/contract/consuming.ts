import { expect, test } from 'vitest'
import type { Claim, Log } from '../log.ts'
import type { LogUnderTest, Row } from './harness.ts'
import { batchOf, newTopic, numbered, observe, readAll, rowsOf, send, uniqueName, until } from './harness.ts'

/** What every log does for consumer groups. */
export function consumingContract(lend: () => { log: Log; under: LogUnderTest }): void {
  async function committedOf(log: Log, group: string) {
    return (await log.groups()).find((one) => one.group === group)?.committed ?? []
  }

  /** The end of a topic of one partition: a group that has read everything stands there. */
  async function endOf(log: Log, topic: string) {
    return (await log.topics()).find(({ name }) => name === topic)?.offsets[0]?.latest
  }

  test('a group gets every record once, in order per partition, and goes on where it stopped', async () => {
    const { log, under } = lend()
    const topic = await newTopic(log, 3)
    const group = uniqueName('group')
    const rows: Row[] = []
    for (const round of ['a', 'b']) {
      for (const partition of [0, 1, 2])
        await send(log, [batchOf(topic, partition, numbered(20, `${round}${partition}`))])
      const seen = await observe(await under.open(), { group, topics: [topic] })
      await until(() => seen.rows.length === 60)
      await seen.consumer.stop()
      await seen.consumer.done
      rows.push(...seen.rows)
    }
    for (const partition of [0, 1, 2]) {
      const values = rows.filter((row) => row.partition === partition).map(({ value }) => value)
      expect(values).toEqual([...numbered(20, `a${partition}`), ...numbered(20, `b${partition}`)])
    }
  })

  test('a claim that is not committed comes again, the same', async () => {
    const { log } = lend()
    const topic = await newTopic(log)
    await send(log, [batchOf(topic, 0, numbered(5))])
    let attempts = 0
    const seen = await observe(log, { group: uniqueName('group'), topics: [topic] }, async (claim) => {
      if (++attempts === 3) await claim.commit([])
    })
    await until(() => attempts === 3)
    await seen.consumer.stop()
    const claims = seen.claims.map((batches) => batches.flatMap(rowsOf))
    expect(claims[1]).toEqual(claims[0])
    expect(claims[2]).toEqual(claims[0])
  })

  test('outputs, positions and what is enlisted commit together, or not at all', async () => {
    const { log } = lend()
    const [input, output] = [await newTopic(log), await newTopic(log)]
    const group = uniqueName('group')
    await send(log, [batchOf(input, 0, ['a'])])
    const failures: unknown[] = []
    const seen = await observe(log, { group, topics: [input] }, async (claim) => {
      if (failures.length === 0) {
        const bad = [batchOf(output, 0, ['half']), batchOf('no-such-topic', 0, ['half'])]
        await claim.commit(bad).catch((cause) => failures.push(cause.code))
      } else await claim.commit([batchOf(output, 0, ['whole'])])
    })
    await until(() => seen.rows.length === 2)
    await seen.consumer.stop()
    expect(failures).toEqual(['UNKNOWN_TOPIC'])
    await until(async () => (await readAll(log, output)).length > 0)
    expect((await readAll(log, output)).map(({ value }) => value)).toEqual(['whole'])
    expect((await committedOf(log, group)).map(({ offset }) => offset)).toEqual([await endOf(log, input)])
  })

  test('a claim holds at most maxRecords, over all its partitions, and shuts none out', async () => {
    const { log } = lend()
    const topic = await newTopic(log, 2)
    await send(log, [batchOf(topic, 0, numbered(90)), batchOf(topic, 1, numbered(10, 'b'))])
    const seen = await observe(log, { group: uniqueName('group'), topics: [topic], maxRecords: 8 })
    await until(() => seen.rows.length === 100)
    await seen.consumer.stop()
    const counts = seen.claims.map((batches) => batches.reduce((sum, { count }) => sum + count, 0))
    expect(Math.max(...counts)).toBeLessThanOrEqual(8)
    expect(seen.rows.slice(0, 60).filter(({ partition }) => partition === 1)).toHaveLength(10)
  })

  test('one that lags behind many small batches gets large claims', async () => {
    const { log } = lend()
    const topic = await newTopic(log)
    const producer = await log.producer(uniqueName('producer'))
    for (let i = 0; i < 10; i++)
      await Promise.all(numbered(30, `${i}-`).map((value) => producer.append([batchOf(topic, 0, [value])])))
    const seen = await observe(log, {
      group: uniqueName('group'),
      topics: [topic],
      minRecords: 300,
      lingerMs: 2000,
    })
    await until(() => seen.rows.length === 300)
    await seen.consumer.stop()
    expect(seen.claims.length).toBeLessThan(10)
    expect(seen.rows.map(({ value }) => value)).toEqual(numbered(10).flatMap((i) => numbered(30, `${i}-`)))
  })

  test('a claim waits for minRecords, but no longer than lingerMs', async () => {
    const { log } = lend()
    const topic = await newTopic(log)
    const seen = await observe(log, {
      group: uniqueName('group'),
      topics: [topic],
      minRecords: 3,
      lingerMs: 600,
    })
    await until(() => seen.assigned.length === 1)
    const start = performance.now()
    await send(log, [batchOf(topic, 0, ['a'])])
    await until(() => seen.rows.length === 1)
    expect(performance.now() - start).toBeGreaterThan(550)
    const again = performance.now()
    await send(log, [batchOf(topic, 0, ['b', 'c', 'd'])])
    await until(() => seen.rows.length === 4)
    expect(performance.now() - again).toBeLessThan(550)
    await seen.consumer.stop()
  })

  test('a group without a position starts at the earliest or the latest record', async () => {
    const { log } = lend()
    const topic = await newTopic(log)
    await send(log, [batchOf(topic, 0, ['before'])])
    const early = await observe(log, { group: uniqueName('group'), topics: [topic], from: 'earliest' })
    const late = await observe(log, { group: uniqueName('group'), topics: [topic], from: 'latest' })
    await until(() => late.assigned.length === 1 && early.rows.length === 1)
    await send(log, [batchOf(topic, 0, ['after'])])
    await until(() => late.rows.length === 1 && early.rows.length === 2)
    expect(late.rows.map(({ value }) => value)).toEqual(['after'])
    await Promise.all([early.consumer.stop(), late.consumer.stop()])
  })

  test('a text recorded beside the offset is there after a restart, and gone after the commit', async () => {
    const { log, under } = lend()
    const topic = await newTopic(log)
    const group = uniqueName('group')
    await send(log, [batchOf(topic, 0, ['a'])])
    let recorded = false
    const first = await observe(log, { group, topics: [topic] }, async (claim) => {
      await claim.record(['block 0-0'])
      recorded = true
    })
    await until(() => recorded)
    await first.consumer.stop()
    const second = await observe(await under.open(), { group, topics: [topic] })
    await until(() => second.rows.length === 1)
    await second.consumer.stop()
    expect(second.assigned).toMatchObject([{ metadata: 'block 0-0', offset: first.assigned[0]?.offset }])
    const [after] = await committedOf(log, group)
    expect(after?.metadata).toBeUndefined()
    expect(after?.offset).toBe(await endOf(log, topic))
  })

  test('a text given with a commit stands beside the new offset', async () => {
    const { log } = lend()
    const topic = await newTopic(log)
    const group = uniqueName('group')
    await send(log, [batchOf(topic, 0, ['a'])])
    let done = false
    const seen = await observe(log, { group, topics: [topic] }, async (claim) => {
      await claim.commit([], undefined, ['up to 7'])
      done = true
    })
    await until(() => done)
    await seen.consumer.stop()
    expect(await committedOf(log, group)).toMatchObject([
      { offset: await endOf(log, topic), metadata: 'up to 7' },
    ])
  })

  test('a claim can be committed once, and not after it was given up', async () => {
    const { log } = lend()
    const [input, output] = [await newTopic(log), await newTopic(log)]
    await send(log, [batchOf(input, 0, ['a'])])
    const kept: Claim[] = []
    const seen = await observe(log, { group: uniqueName('group'), topics: [input] }, async (claim) => {
      kept.push(claim)
      if (kept.length === 2) await claim.commit([])
    })
    await until(() => seen.rows.length === 2)
    for (const claim of kept)
      await expect(claim.commit([batchOf(output, 0, ['late'])])).rejects.toMatchObject({ code: 'FENCED' })
    await seen.consumer.stop()
    expect(await readAll(log, output)).toEqual([])
  })

  test('seek moves a group without members, and is refused while it has some', async () => {
    const { log } = lend()
    const topic = await newTopic(log)
    const group = uniqueName('group')
    await send(log, [batchOf(topic, 0, numbered(5))])
    const third = (await readAll(log, topic))[2]?.offset as number
    await log.seek(group, [{ topic, partition: 0, offset: third }])
    const seen = await observe(log, { group, topics: [topic] })
    await until(() => seen.rows.length === 3)
    await expect(log.seek(group, [{ topic, partition: 0, offset: 0 }])).rejects.toMatchObject({
      code: 'GROUP_ACTIVE',
    })
    await seen.consumer.stop()
    expect(seen.rows.map(({ value }) => value)).toEqual(['2', '3', '4'])
  })

  test('what onClaim or onAssigned throws ends the consumer, and gives its partitions back', async () => {
    const { log } = lend()
    const topic = await newTopic(log)
    const group = uniqueName('group')
    await send(log, [batchOf(topic, 0, ['a'])])
    const broken = await observe(log, { group, topics: [topic] }, async () => {
      throw new Error('no model')
    })
    await expect(broken.consumer.done).rejects.toThrow('no model')
    const next = await observe(log, { group, topics: [topic] })
    await until(() => next.rows.length === 1)
    await next.consumer.stop()
  })

  test('an unknown topic is refused', async () => {
    const { log } = lend()
    await expect(
      observe(log, { group: uniqueName('group'), topics: ['no-such-topic'] }),
    ).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC',
    })
  })
}
