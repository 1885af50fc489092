import { expect, test } from 'vitest'
import { describeWith } from '../../../servers/describe.ts'
import { redisMissing } from '../../../servers/redis.ts'
import { entry, operator, reach, redisFor, scope, storeFor, textsOf } from './fixture.ts'
import { heldBack } from './fixtures/network.ts'

const quick = { timeoutMs: 1000 }

describeWith(redisMissing, 'what can happen to Redis', () => {
  test('away at the start: it says so at once, and goes on when Redis is there', async () => {
    const redis = await redisFor()
    await redis.kill(0)
    const store = storeFor(reach(redis))
    const started = performance.now()
    await expect(store.claim(scope, 2)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      message: expect.stringMatching(
        new RegExp(`^Redis ${redis.nodes[0]}: .+ECONNREFUSED.+; check that Redis runs`),
      ),
    })
    expect(performance.now() - started).toBeLessThan(1000)
    await redis.restart(0)
    await expect.poll(() => store.claim(scope, 2).catch(() => undefined)).toMatchObject(scope)
  })

  test('killed and back: what was saved is there, and the owner goes on with its fence', async () => {
    const redis = await redisFor()
    const store = storeFor(reach(redis))
    const fence = await store.claim(scope, 2)
    await store.save(fence, [entry('a', 1)])
    await redis.kill(0)
    await expect(store.save(fence, [entry('a', 2)])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(store.load(fence, 9, ['a'])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await redis.restart(0)
    await expect.poll(() => textsOf(store, fence, ['a']).catch(() => 'away')).toEqual(['a at 1'])
    await store.save(fence, [entry('a', 2)])
    expect(await textsOf(store, fence, ['a'])).toEqual(['a at 2'])
  })

  test('paused: a request fails after its time, and Redis may go on later', async () => {
    const redis = await redisFor()
    const store = storeFor({ ...reach(redis), ...quick })
    const fence = await store.claim(scope, 2)
    await store.save(fence, [entry('a', 1)])
    redis.pause(0)
    const started = performance.now()
    await expect(store.save(fence, [entry('a', 2)])).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('1000 ms'),
    })
    expect(performance.now() - started).toBeLessThan(2000)
    redis.resume(0)
    await expect.poll(() => store.save(fence, [entry('a', 3)]).catch(() => 'away')).toBeUndefined()
    expect(await textsOf(store, fence, ['a'])).toEqual(['a at 3'])
  })

  test('a save that the network delivers late changes nothing', async () => {
    const redis = await redisFor()
    const network = await heldBack(redis.nodes[0] as string)
    const store = storeFor({ url: `redis://${network.address}`, ...quick })
    const fence = await store.claim(scope, 2)
    await store.save(fence, [entry('a', 1)])
    network.hold()
    await expect(store.save(fence, [entry('a', 2)])).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect.poll(() => store.save(fence, [entry('a', 3)]).catch(() => 'away')).toBeUndefined()
    await network.deliver()
    expect(await textsOf(store, fence, ['a'])).toEqual(['a at 3'])
  })

  test('read-only: a replica takes nothing', async () => {
    const redis = await redisFor()
    const store = storeFor(reach(redis))
    const fence = await store.claim(scope, 2)
    await operator(redis).replicaof('127.0.0.1', 1)
    await expect(store.save(fence, [entry('a', 1)])).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/READONLY.+new master/),
    })
    await operator(redis).replicaof('NO', 'ONE')
    await expect.poll(() => store.save(fence, [entry('a', 1)]).catch(() => 'away')).toBeUndefined()
  })

  test('full: nothing is saved, and nothing is dropped', async () => {
    const redis = await redisFor({ config: { maxmemory: '4mb' } })
    const store = storeFor(reach(redis))
    const fence = await store.claim(scope, 2)
    await store.save(fence, [entry('a', 1)])
    const large = { ...entry('large', 1), next: { offset: 1, value: Buffer.alloc(1 << 20) } }
    const fill = async () => {
      for (let i = 0; i < 8; i++) await store.save(fence, [{ ...large, key: `large ${i}` }])
    }
    await expect(fill()).rejects.toMatchObject({
      code: 'STORE_FULL',
      retryable: true,
      message: expect.stringContaining('maxmemory'),
    })
    expect(await textsOf(store, fence, ['a'])).toEqual(['a at 1'])
    await operator(redis).config('SET', 'maxmemory', '0')
    await fill()
  })

  test('set up to evict: it is refused, with the setting and the remedy', async () => {
    const redis = await redisFor({ config: { 'maxmemory-policy': 'allkeys-lru' } })
    const store = storeFor(reach(redis))
    await expect(store.claim(scope, 2)).rejects.toMatchObject({
      code: 'STORE_UNSAFE',
      retryable: false,
      message: expect.stringMatching(/maxmemory-policy allkeys-lru.+maxmemory-policy noeviction/),
    })
    expect(await store.servers()).toMatchObject([
      { address: `Redis ${redis.nodes[0]}`, evictionPolicy: 'allkeys-lru', appendOnly: true, replicas: 0 },
    ])
    await operator(redis).config('SET', 'maxmemory-policy', 'noeviction')
    await store.claim(scope, 2)
  })

  test.each(['single', 'cluster', 'sentinel'] as const)(
    'a wrong password (%s) is no case for a retry',
    async (kind) => {
      const redis = await redisFor({ kind, config: { requirepass: 'right' } })
      for (const [password, word] of [
        ['wrong', 'WRONGPASS'],
        [undefined, 'NOAUTH'],
      ] as const) {
        const store = storeFor({ ...reach(redis, kind), ...quick, ...(password ? { password } : {}) })
        await expect(store.claim(scope, 2)).rejects.toMatchObject({
          code: 'UNAUTHORIZED',
          retryable: false,
          message: expect.stringContaining(word),
        })
      }
      await storeFor({ ...reach(redis, kind), password: 'right' }).claim(scope, 2)
    },
  )

  test('a user without the right is told which it needs', async () => {
    const redis = await redisFor()
    const client = operator(redis)
    await client.acl('SETUSER', 'weak', 'on', '>p', '~murmur:*', '+@read', '+set', '+wait')
    const store = storeFor({ ...reach(redis), username: 'weak', password: 'p' })
    await expect(store.claim(scope, 2)).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringMatching(/NOPERM.+evalsha.+allow this user/),
    })
    await client.acl('SETUSER', 'weak', '+@scripting')
    const fence = await store.claim(scope, 2)
    await store.save(fence, [entry('a', 1)])
    expect(await store.servers()).toEqual([])
  })

  test('emptied, or back with older data: it is not taken for state that never was', async () => {
    const redis = await redisFor()
    const store = storeFor(reach(redis))
    const client = operator(redis)
    const fence = await store.claim(scope, 2)
    await store.save(fence, [entry('a', 1)])
    const older = await client.get('murmur:{conversation|utterances|0}')
    await store.save(fence, [entry('a', 2)])
    const lost = {
      code: 'STORE_UNSAFE',
      retryable: false,
      message: expect.stringContaining('appendonly yes'),
    }
    await client.set('murmur:{conversation|utterances|0}', older as string)
    await expect(store.load(fence, 9, ['a'])).rejects.toMatchObject(lost)
    await expect(store.save(fence, [entry('a', 3)])).rejects.toMatchObject(lost)
    await client.flushall()
    await expect(store.load(fence, 9, ['a'])).rejects.toMatchObject(lost)
    await expect(store.save(fence, [entry('a', 3)])).rejects.toMatchObject(lost)
    const next = await store.claim(scope, 2)
    expect(await textsOf(store, next, ['a'])).toEqual([undefined])
  })

  test('too few replicas: a save does not count', async () => {
    const redis = await redisFor()
    const store = storeFor({ ...reach(redis), ...quick, replicas: 1 })
    await expect(store.claim(scope, 2)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/0 of 1 replicas.+500 ms/),
    })
  })
})
