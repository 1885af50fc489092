import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Log } from '../log/log.ts'
import { protocolContract } from './contract/protocol.ts'
import type { Entry, Fence, Scope, Store, Version } from './store.ts'

/** What a driver lends the contract suite. */
export interface StoreUnderTest {
  /** A client of the one store under test. Each call gives another, as another process would have. */
  open(): Promise<Store>
  /** Runs what `save` handed back, as the log's commit would. Never called where `save` writes at once. */
  commit(writes: () => void): void
  /** A log to run the two-version protocol with: any driver will do. */
  readonly log: Log
  /** How many random schedules of the protocol to run. */
  readonly schedules: number
  close(): Promise<void>
}

/** The suite that every store passes. */
export function storeContract(name: string, start: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the store's contract`, () => {
    let under: StoreUnderTest
    let store: Store
    beforeAll(async () => {
      under = await start()
      store = await under.open()
    })
    afterAll(() => under.close())

    const newScope = (): Scope => ({ group: `group-${randomUUID()}`, topic: 'utterances', partition: 0 })
    const version = (offset: number, text?: string): Version => ({
      offset,
      value: text === undefined ? undefined : Buffer.from(text),
    })
    const nothing = version(-1)
    const entry = (key: string, next: Version, previous: Version = nothing): Entry => ({
      key,
      next,
      previous,
      expireAfterMs: undefined,
    })

    async function save(fence: Fence, entries: readonly Entry[]): Promise<void> {
      const writes = await store.save(fence, entries)
      if (writes) under.commit(writes)
    }

    const load = async (fence: Fence, committed: number, keys: readonly string[]) =>
      (await store.load(fence, committed, keys)).map(({ offset, value }) => [
        offset,
        value === undefined ? undefined : Buffer.from(value).toString(),
      ])

    test('what was saved is loaded, in the order of the keys asked for', async () => {
      const fence = await store.claim(newScope(), 4)
      await save(fence, [entry('a', version(3, 'A')), entry('b', version(4, 'B')), entry('', version(4, ''))])
      expect(await load(fence, 5, ['b', 'none', 'a', ''])).toEqual([
        [4, 'B'],
        [-1, undefined],
        [3, 'A'],
        [4, ''],
      ])
    })

    test('only a version below the committed offset counts', async () => {
      const fence = await store.claim(newScope(), 4)
      await save(fence, [entry('a', version(7, 'new'), version(3, 'old'))])
      expect(await load(fence, 8, ['a'])).toEqual([[7, 'new']])
      expect(await load(fence, 7, ['a'])).toEqual([[3, 'old']])
      expect(await load(fence, 3, ['a'])).toEqual([[-1, undefined]])
    })

    test('a version that does not count is told of, until it is overwritten', async () => {
      const fence = await store.claim(newScope(), 4)
      const shadowed = async (committed: number) =>
        (await store.load(fence, committed, ['a', 'b'])).map((one) => one.shadowed === true)
      await save(fence, [entry('a', version(7, 'new'), version(3, 'old')), entry('b', version(3, 'only'))])
      expect(await shadowed(8)).toEqual([false, false])
      expect(await shadowed(7)).toEqual([true, false])
      await save(fence, [entry('a', version(3, 'old'), version(3, 'old'))])
      expect(await shadowed(7)).toEqual([false, false])
      expect(await load(fence, 8, ['a'])).toEqual([[3, 'old']])
    })

    test('a deletion is a version, too', async () => {
      const fence = await store.claim(newScope(), 4)
      await save(fence, [entry('a', version(7), version(3, 'old'))])
      expect(await load(fence, 8, ['a'])).toEqual([[7, undefined]])
      expect(await load(fence, 7, ['a'])).toEqual([[3, 'old']])
    })

    test('each scope has its own keys', async () => {
      const [one, two] = [await store.claim(newScope(), 4), await store.claim(newScope(), 4)]
      await save(one, [entry('a', version(1, 'one'))])
      await save(two, [entry('a', version(1, 'two'))])
      expect(await load(one, 2, ['a'])).toEqual([[1, 'one']])
      expect(await load(two, 2, ['a'])).toEqual([[1, 'two']])
    })

    test('keys may be any text of any length, values any bytes up to a mebibyte', async () => {
      const fence = await store.claim(newScope(), 4)
      const keys = ['你好', 'a\u0000b', 'x'.repeat(5000), `${'x'.repeat(4999)}y`]
      await save(
        fence,
        keys.map((key, i) => entry(key, version(i, `value ${i}`))),
      )
      expect(await load(fence, 10, keys)).toEqual(keys.map((_, i) => [i, `value ${i}`]))
      const big = 'z'.repeat(1_048_576)
      await save(fence, [entry('big', version(11, big))])
      expect(await load(fence, 12, ['big'])).toEqual([[11, big]])
    })

    test('a claim fences the owner before it, which can then neither load nor save', async () => {
      const scope = newScope()
      const former = await store.claim(scope, 4)
      await save(former, [entry('a', version(1, 'former'))])
      const writes = await store.save(former, [entry('a', version(2, 'late'))])
      const fence = await (await under.open()).claim(scope, 4)
      expect(fence.token).toBeGreaterThan(former.token)
      await expect(save(former, [entry('a', version(3, 'zombie'))])).rejects.toMatchObject({ code: 'FENCED' })
      // Fenced between `save` and the log's commit.
      if (writes) expect(() => under.commit(writes)).toThrow(expect.objectContaining({ code: 'FENCED' }))
      expect((await load(fence, 9, ['a']))[0]?.[1]).toBe(writes ? 'former' : 'late')
    })

    test('state is not split when its topic gets another number of partitions', async () => {
      const scope = newScope()
      await store.claim(scope, 4)
      const fence = await store.claim({ ...scope, partition: 3 }, 4)
      await expect((await under.open()).claim(scope, 6)).rejects.toMatchObject({
        code: 'PARTITIONS_CHANGED',
        retryable: false,
        message: expect.stringMatching(/"utterances" has 6 partitions.+group-.+had 4.+replay.+another name/),
      })
      await save(fence, [entry('a', version(1, 'still mine'))])
      await store.claim({ ...scope, group: `${scope.group}-2` }, 6)
    })

    protocolContract(() => ({ store, ...under }))
  })
}
