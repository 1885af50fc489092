import { expect, test } from 'vitest'
import type { Log } from '../log.ts'
import type { LogUnderTest, Observed, Row } from './harness.ts'
import { batchOf, newTopic, numbered, observe, send, uniqueName, until } from './harness.ts'

/** How the members of a group share its partitions. */
export function sharingContract(lend: () => { log: Log; under: LogUnderTest }): void {
  const sorted = (rows: readonly Row[]) => rows.map(({ value }) => value).sort()

  test.each([2, 3])(
    '%i members share the partitions evenly, and take over from who leaves',
    async (members) => {
      const { log, under } = lend()
      const topic = await newTopic(log, 6)
      const group = uniqueName('group')
      const all: Observed[] = []
      for (let i = 0; i < members; i++)
        all.push(await observe(await under.open(), { group, topics: [topic] }))
      await until(() => all.every(({ consumer }) => consumer.assigned.length === 6 / members), 30_000)
      expect((await log.groups()).find((one) => one.group === group)?.members).toHaveLength(members)
      for (let partition = 0; partition < 6; partition++)
        await send(log, [batchOf(topic, partition, [`${partition}`])])
      await until(() => all.flatMap(({ rows }) => rows).length === 6)
      expect(sorted(all.flatMap(({ rows }) => rows))).toEqual(numbered(6))
      const [leaver, ...stayers] = all
      await leaver?.consumer.stop()
      expect(leaver?.revoked.length).toBeGreaterThanOrEqual(6 / members)
      await until(
        () => stayers.reduce((sum, { consumer }) => sum + consumer.assigned.length, 0) === 6,
        30_000,
      )
      await Promise.all(stayers.map(({ consumer }) => consumer.stop()))
    },
  )

  test('a partition moves only after the claim in hand is done', async () => {
    const { log, under } = lend()
    const topic = await newTopic(log, 2)
    const group = uniqueName('group')
    await send(log, [batchOf(topic, 0, ['a']), batchOf(topic, 1, ['b'])])
    let finish: () => void = () => {}
    const held = new Promise<void>((resolve) => {
      finish = resolve
    })
    const first = await observe(log, { group, topics: [topic] }, async (claim) => {
      await held
      await claim.commit([])
    })
    await until(() => first.claims.length > 0)
    const second = await observe(await under.open(), { group, topics: [topic] })
    setTimeout(finish, 200)
    await until(() => second.consumer.assigned.length === 1, 30_000)
    await until(() => first.rows.length + second.rows.length === 2, 30_000)
    expect(sorted([...first.rows, ...second.rows])).toEqual(['a', 'b'])
    await Promise.all([first.consumer.stop(), second.consumer.stop()])
  })

  test('members of one group may read different topics', async () => {
    const { log, under } = lend()
    const [left, right] = [await newTopic(log, 2), await newTopic(log, 2)]
    const group = uniqueName('group')
    const one = await observe(log, { group, topics: [left] })
    const two = await observe(await under.open(), { group, topics: [right] })
    await until(() => one.consumer.assigned.length === 2 && two.consumer.assigned.length === 2, 30_000)
    expect(new Set(one.consumer.assigned.map((place) => place.topic))).toEqual(new Set([left]))
    await Promise.all([one.consumer.stop(), two.consumer.stop()])
  })
}
