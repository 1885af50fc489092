import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { describeWith } from '../../../servers/describe.ts'
import { redisMissing } from '../../../servers/redis.ts'
import type { ConnectorError } from '../../errors.ts'
import type { RedisStore } from '../redis.ts'
import type { Fence } from '../store.ts'
import { entry, operator, reach, redisFor, scope, storeFor, textsOf } from './fixture.ts'

/** Saves batch after batch as an owner does, each until Redis has it, and remembers what Redis has acknowledged. */
function owner(store: RedisStore, fence: Fence) {
  let stopped = false
  let offset = 0
  const failures: ConnectorError[] = []
  const work = async () => {
    while (!stopped) {
      const next = offset + 1
      const batch = [entry('every', next), entry(`only ${next}`, next)]
      try {
        await store.save(fence, batch)
        offset = next
      } catch (cause) {
        failures.push(cause as ConnectorError)
        await sleep(50)
      }
    }
  }
  const done = work()
  return {
    failures,
    get offset() {
      return offset
    },
    stop() {
      stopped = true
      return done
    },
  }
}

describeWith(redisMissing, 'a master of Redis dies', () => {
  test.each(['sentinel', 'cluster'] as const)(
    'killed amid saves (%s): its replica takes over, and no acknowledged save is gone',
    async (kind) => {
      const redis = await redisFor({ kind })
      const store = storeFor({ ...reach(redis, kind), timeoutMs: 2000 })
      // In a cluster, these spread over the masters
      const fences: Fence[] = []
      for (let partition = 0; partition < 12; partition++)
        fences.push(await store.claim({ ...scope, partition }, 12))
      const owners = fences.map((fence) => owner(store, fence))
      const moved = async (by: number) => {
        const goals = owners.map(({ offset }) => offset + by)
        await expect
          .poll(() => owners.every(({ offset }, i) => offset >= (goals[i] as number)), { timeout: 40_000 })
          .toBe(true)
      }
      await moved(20)
      await redis.kill(0)
      await sleep(2500)
      // Now the former replica has no replica itself, so that nothing can be acknowledged
      await redis.restart(0)
      await moved(20)
      for (const one of owners) await one.stop()

      const failures = owners.flatMap((one) => one.failures)
      expect(failures.length).toBeGreaterThan(0)
      expect(failures.filter((failure) => failure.code !== 'UNAVAILABLE')).toEqual([])
      const heir = storeFor(reach(redis, kind))
      for (const [partition, { offset }] of owners.entries()) {
        const fence = await heir.claim({ ...scope, partition }, 12)
        const offsets = Array.from({ length: offset }, (_, i) => i + 1)
        const keys = ['every', ...offsets.map((one) => `only ${one}`)]
        expect(await textsOf(heir, fence, keys, offset + 1)).toEqual([
          `every at ${offset}`,
          ...offsets.map((one) => `only ${one} at ${one}`),
        ])
      }
    },
    90_000,
  )

  test('replaced on purpose, in a cluster: saves go on within moments', async () => {
    const redis = await redisFor({ kind: 'cluster' })
    const store = storeFor(reach(redis, 'cluster'))
    const fences: Fence[] = []
    for (let partition = 0; partition < 12; partition++)
      fences.push(await store.claim({ ...scope, partition }, 12))
    for (const node of [3, 4, 5]) await operator(redis, node).cluster('FAILOVER')
    await sleep(1500)
    for (const fence of fences)
      await expect
        .poll(() => store.save(fence, [entry('a', 1)]).catch(({ message }) => message), { timeout: 2000 })
        .toBeUndefined()
    expect((await store.servers()).map(({ address }) => address).toSorted()).toEqual(
      redis.nodes.slice(3).toSorted(),
    )
  })
})
