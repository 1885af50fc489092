import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Environment, openEnvironment } from '../embedded/environment.ts'
import { embeddedLog } from '../log/embedded.ts'
import { storeContract } from './contract.ts'
import { embeddedStore } from './embedded.ts'
import type { Fence } from './store.ts'

/** Hundreds of schedules of dozens of commits: a disk in memory, where there is one, makes them quick. */
const scratch = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

for (const place of ['beside', 'elsewhere'] as const)
  storeContract(`the embedded store, its log ${place},`, async () => {
    const folder = mkdtempSync(join(scratch, 'murmur-store-'))
    const environment = openEnvironment(folder)
    const log = embeddedLog(environment)
    return {
      open: async () => embeddedStore(environment, { log: place }),
      commit: (writes) => environment.transaction(writes),
      log,
      schedules: 300,
      async close() {
        await log.close()
        await environment.close()
        rmSync(folder, { recursive: true })
      },
    }
  })

describe('time-to-live', () => {
  let folder: string
  let environment: Environment
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'murmur-store-'))
    environment = openEnvironment(folder)
  })
  afterAll(async () => {
    await environment.close()
    rmSync(folder, { recursive: true })
  })

  const day = 86_400_000
  const keys = (fence: Fence, names: readonly string[], expireAfterMs: number | undefined, text?: string) =>
    embeddedStore(environment, { log: 'elsewhere' }).save(
      fence,
      names.map((key) => ({
        key,
        next: { offset: 1, value: text === undefined ? undefined : Buffer.from(text) },
        previous: { offset: -1, value: undefined },
        expireAfterMs,
      })),
    )

  test('expired keys go, slice by slice; the others stay', async () => {
    const store = embeddedStore(environment)
    const fence = await store.claim({ group: 'g', topic: 't', partition: 0 }, 1)
    const many = Array.from({ length: 1200 }, (_, i) => `short ${i}`)
    await keys(fence, many, 1000, 'v')
    await keys(fence, ['long'], 3 * day, 'v')
    await keys(fence, ['for ever'], undefined, 'v')
    await keys(fence, ['deleted'], undefined)
    expect(await store.expire(Date.now())).toBe(0)
    expect(await store.expire(Date.now() + 2000)).toBe(1200)
    expect(await store.expire(Date.now() + 2 * day)).toBe(0)
    expect(await store.expire(Date.now() + 8 * day)).toBe(2)
    const left = await store.load(fence, 2, ['short 0', 'long', 'for ever', 'deleted'])
    expect(left.map(({ value }) => value?.toString())).toEqual([undefined, undefined, 'v', undefined])
    await store.close()
  })
})
