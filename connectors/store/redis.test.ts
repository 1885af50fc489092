import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { describeWith } from '../../servers/describe.ts'
import { redisMissing, startRedis } from '../../servers/redis.ts'
import { openEnvironment } from '../embedded/environment.ts'
import { embeddedLog } from '../log/embedded.ts'
import { storeContract } from './contract.ts'
import { entry, operator, reach, redisFor, scope, storeFor, textsOf } from './redis/fixture.ts'
import { redisStore } from './redis.ts'
import type { Store } from './store.ts'

const scratch = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

describeWith(redisMissing, 'the store on Redis', () => {
  for (const kind of ['single', 'cluster'] as const)
    storeContract(`the store on Redis (${kind})`, async () => {
      const redis = await startRedis({ kind })
      const folder = mkdtempSync(join(scratch, 'murmur-redis-store-'))
      const environment = openEnvironment(folder)
      const log = embeddedLog(environment)
      const opened: Store[] = []
      return {
        async open() {
          const store = redisStore(reach(redis, kind))
          opened.push(store)
          return store
        },
        commit: () => {
          throw new Error('it writes at once')
        },
        log,
        schedules: 60,
        async close() {
          for (const store of opened) await store.close()
          await log.close()
          await environment.close()
          rmSync(folder, { recursive: true })
          await redis.stop()
        },
      }
    })

  test('forgets a state after its time, a deletion after a week, and nothing else', async () => {
    const redis = await redisFor()
    const store = storeFor(reach(redis))
    const fence = await store.claim(scope, 2)
    const deleted = { ...entry('deleted', 1), next: { offset: 1, value: undefined } }
    await store.save(fence, [entry('short', 1, 50), deleted, entry('for ever', 1), entry('long', 1, 60_000)])
    await sleep(100)
    expect(await textsOf(store, fence, ['short', 'deleted', 'for ever', 'long'])).toEqual([
      undefined,
      undefined,
      'for ever at 1',
      'long at 1',
    ])
    const client = operator(redis)
    const minutes = async (key: string) => {
      const seconds = await client.ttl(key)
      return seconds === -1 ? 'for ever' : Math.ceil(seconds / 60)
    }
    const place = 'murmur:{conversation|utterances|0}'
    expect(await minutes(place)).toBe('for ever')
    expect(await minutes(`${place}:for ever`)).toBe('for ever')
    expect(await minutes(`${place}:long`)).toBe(1)
    expect(await minutes(`${place}:deleted`)).toBe(7 * 24 * 60)
  })

  test('sends a batch in one request, and a large one in several', async () => {
    const redis = await redisFor()
    const client = operator(redis)
    const requests = async (command: string) =>
      Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await client.info('commandstats'))?.[1] ?? 0)
    const keys = Array.from({ length: 20_000 }, (_, i) => `customer ${i}`)
    const batch = keys.map((key) => entry(key, 7))
    for (const [maxPipelineBytes, expected] of [
      [64 << 20, 1],
      [1 << 20, 3],
    ] as const) {
      const store = storeFor({ ...reach(redis), maxPipelineBytes })
      const fence = await store.claim(scope, 2)
      await store.save(fence, batch.slice(0, 1))
      const before = [await requests('evalsha'), await requests('mget')] as const
      await store.save(fence, batch)
      expect(await textsOf(store, fence, keys)).toEqual(keys.map((key) => `${key} at 7`))
      expect((await requests('evalsha')) - before[0]).toBe(expected)
      expect((await requests('mget')) - before[1]).toBe(Math.min(expected, 2))
    }
  })

  test('loads its scripts again after Redis has forgotten them', async () => {
    const redis = await redisFor()
    const store = storeFor(reach(redis))
    const fence = await store.claim(scope, 2)
    await store.save(fence, [entry('a', 1)])
    await operator(redis).script('FLUSH')
    await store.save(fence, [entry('a', 2)])
    expect(await textsOf(store, fence, ['a'])).toEqual(['a at 2'])
  })

  test.each(['single', 'cluster', 'sentinel'] as const)('speaks TLS (%s)', async (kind) => {
    const redis = await redisFor({ kind, tls: true })
    const store = storeFor(reach(redis, kind))
    const fence = await store.claim(scope, 2)
    await store.save(fence, [entry('a', 1)])
    expect(await textsOf(store, fence, ['a'])).toEqual(['a at 1'])
  })
})
