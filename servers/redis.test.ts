import { readFileSync } from 'node:fs'
import { Cluster, Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { describeWith } from './describe.ts'
import { type RedisServer, redisMissing, startRedis } from './redis.ts'
import { masterName } from './redis-kinds.ts'

const place = (address: string) => {
  const [host = '', port] = address.split(':')
  return { host, port: Number(port) }
}

interface ClientOptions {
  readonly tls?: { readonly ca: Buffer }
  readonly password?: string
  readonly commandTimeout?: number
}

/** A client of the first server. */
function client({ nodes }: RedisServer, options: ClientOptions = {}): Redis {
  const { host, port } = place(nodes[0] ?? '')
  return closed(new Redis(port, host, options))
}

/** Closed with the test. It tells of each connection that it tries again; the tests see to what comes of it. */
function closed<T extends Redis | Cluster>(store: T): T {
  store.on('error', () => {})
  onTestFinished(() => store.disconnect())
  return store
}

describeWith(redisMissing, 'Redis', () => {
  test('comes back on its port with what it has answered, after it was killed', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    const store = client(redis)
    await store.set('session', 'kept')
    await redis.kill(0)
    await redis.restart(0)
    expect(await store.get('session')).toBe('kept')
  })

  test('answers nothing while it is paused', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.stop())
    const store = client(redis, { commandTimeout: 200 })
    expect(await store.ping()).toBe('PONG')
    redis.pause(0)
    await expect(store.ping()).rejects.toThrow('timed out')
    redis.resume(0)
    expect(await store.ping()).toBe('PONG')
  })

  test('speaks TLS and wants its password, when told to', async () => {
    const redis = await startRedis({ tls: true, config: { requirepass: 'secret' } })
    onTestFinished(() => redis.stop())
    const tls = { ca: readFileSync(redis.certificate?.certificate ?? '') }
    expect(await client(redis, { tls, password: 'secret' }).ping()).toBe('PONG')
    await expect(client(redis, { tls }).ping()).rejects.toThrow('NOAUTH')
  })

  test('as a cluster, puts the replica in the place of a killed master', async () => {
    const redis = await startRedis({ kind: 'cluster' })
    onTestFinished(() => redis.stop())
    const store = closed(new Cluster(redis.nodes.map(place)))
    await Promise.all(Array.from({ length: 20 }, (_, key) => store.set(`key${key}`, key)))
    await redis.kill(0)
    const values = () => Promise.all(Array.from({ length: 20 }, (_, key) => store.get(`key${key}`)))
    await expect
      .poll(values, { timeout: 15_000 })
      .toEqual(Array.from({ length: 20 }, (_, key) => String(key)))
  })

  test('with sentinels, puts the replica in the place of a killed master', async () => {
    const redis = await startRedis({ kind: 'sentinel' })
    onTestFinished(() => redis.stop())
    const store = closed(new Redis({ sentinels: redis.sentinels.map(place), name: masterName }))
    await store.set('session', 'kept')
    await store.wait(1, 1000)
    await redis.kill(0)
    expect(await store.get('session')).toBe('kept')
  })
})
