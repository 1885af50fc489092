import { expect, test } from 'vitest'
import { findPoison } from './poison.ts'

const items = Array.from({ length: 100 }, (_, i) => i)

test('finds every message that fails, and only those, in few trials', async () => {
  const culprits = new Set([3, 64, 65])
  let trials = 0
  const found = await findPoison(items, async (part) => {
    trials++
    const bad = part.find((item) => culprits.has(item))
    return bad === undefined ? undefined : new Error(`item ${bad}`)
  })
  expect([...found.keys()]).toEqual([3, 64, 65])
  expect(found.get(64)).toEqual(new Error('item 64'))
  expect(trials).toBeLessThan(50)
})

test('finds nothing where the whole passes, or where only the combination fails', async () => {
  expect(await findPoison(items, async () => undefined)).toEqual(new Map())
  expect(
    await findPoison(items, async (part) => (part.length === 100 ? new Error('too many') : undefined)),
  ).toEqual(new Map())
  expect(await findPoison([], async () => new Error('never asked'))).toEqual(new Map())
})
