import { beforeEach, expect, test } from 'vitest'
import type { Entry, Store } from '../../connectors/store/store.ts'
import { newestBelow, noVersion, versionsBytes, writeVersions } from '../../connectors/store/versions.ts'
import { cleaned, understood } from '../../schemas/topics.ts'
import { keyed } from '../stage.ts'
import { KeyedStates } from './states.ts'

const scope = { group: 'counts', topic: 'cleaned', partition: 0 }
const count = keyed(
  { name: 'count', from: cleaned, to: understood, state: { initial: () => 0 } },
  (before) => [before + 1, []],
)

let values: Map<string, Buffer>
beforeEach(() => {
  values = new Map()
})

/** Keeps two versions a key and writes at once, as a store outside the log does. */
const store: Store = {
  claim: async () => ({ ...scope, token: 1 }),
  load: async (_, committed, keys) =>
    keys.map((key) => {
      const value = values.get(key)
      return value ? newestBelow(value, committed) : noVersion
    }),
  async save(_, entries: readonly Entry[]) {
    for (const entry of entries) {
      const value = Buffer.alloc(versionsBytes(entry))
      writeVersions(value, 0, entry, Number.POSITIVE_INFINITY)
      values.set(entry.key, value)
    }
    return undefined
  },
  close: async () => {},
}

/** What an owner that takes the partition over at an offset finds of a key. */
async function found(committed: number, key: string): Promise<unknown> {
  const states = await owner(committed)
  await states.load(0, new Set([key]))
  return states.of(count).get(key, 0)
}

async function owner(committed: number): Promise<KeyedStates> {
  const states = new KeyedStates(store, [count])
  await states.assign(scope, committed, 1)
  return states
}

const end = (offset: number) => new Map([[0, offset]])

/** A batch of one message a key that is saved, and committed unless its commit fails. */
async function batch(states: KeyedStates, keys: readonly string[], refused: readonly string[] = []) {
  await states.load(0, new Set(keys))
  const view = states.of(count)
  for (const key of keys) if (!refused.includes(key)) view.set(key, (view.get(key, 0) as number) + 1, 0)
}

test('what a failed try saved does not count where the next try refuses the message', async () => {
  const states = await owner(0)
  await batch(states, ['a', 'b'])
  await states.save(end(2))
  // Its commit fails, and the next try finds that the message of "b" is poison
  states.reset()
  await batch(states, ['a', 'b'], ['b'])
  await states.save(end(2))
  states.committed(end(2))
  expect([await found(2, 'a'), await found(2, 'b')]).toEqual([1, 0])
})

test('nor where another owner makes the next try', async () => {
  const former = await owner(0)
  await batch(former, ['a', 'b'])
  await former.save(end(2))
  const next = await owner(0)
  await batch(next, ['a', 'b'], ['b'])
  await next.save(end(2))
  next.committed(end(2))
  expect([await found(2, 'a'), await found(2, 'b')]).toEqual([1, 0])
})

test('what committed stays, also where the batch behind it fails', async () => {
  const states = await owner(0)
  await batch(states, ['a'])
  await states.save(end(1))
  states.committed(end(1))
  await batch(states, ['a'])
  await states.save(end(2))
  expect([await found(1, 'a'), await found(2, 'a')]).toEqual([1, 2])
})
