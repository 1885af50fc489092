import { expect, test } from 'vitest'
import { advance, encodePromises, plan, resume } from './promises.ts'

const at = (offset: number, metadata?: string) => resume({ topic: 't', partition: 0, offset, metadata })

test('without promises, a claim is one block from the committed offset on', () => {
  expect(plan(at(10), 19)).toEqual([{ first: 10, last: 19 }])
})

test('after a crash, the promised block comes first and as it was, what is left of the claim is another', () => {
  const resumed = at(10, encodePromises([{ first: 10, last: 14 }], 9))
  expect(resumed.written).toBe(9)
  expect(plan(resumed, 19)).toEqual([
    { first: 10, last: 14 },
    { first: 15, last: 19 },
  ])
})

test('a second crash repeats both', () => {
  const both = plan(at(10, encodePromises([{ first: 10, last: 14 }], 9)), 19)
  expect(plan(at(10, encodePromises(both, 9)), 16)).toEqual(both)
})

test('a claim shorter than the promised block writes the whole block, and later claims go on behind it', () => {
  const blocks = plan(at(10, encodePromises([{ first: 10, last: 14 }], 9)), 11)
  expect(blocks).toEqual([{ first: 10, last: 14 }])
  const after = advance(blocks, 11)
  expect(after).toEqual({ position: 12, promised: blocks, written: 14 })
  expect(plan(after, 20)).toEqual([...blocks, { first: 15, last: 20 }])
  expect(advance(plan(after, 20), 20)).toEqual({ position: 21, promised: [], written: 20 })
})

test('a commit inside a block says that the block is written', () => {
  const resumed = at(12, encodePromises([{ first: 10, last: 14 }], 14))
  expect(resumed).toEqual({ position: 12, promised: [{ first: 10, last: 14 }], written: 14 })
})

test('a block that was promised from before the committed offset is written nevertheless', () => {
  // Kafka moves a group past the end of a transaction, which the sink never sees
  expect(at(12, encodePromises([{ first: 10, last: 14 }], 9)).written).toBe(11)
})

test('promises from before the group was moved count no more', () => {
  const promise = encodePromises([{ first: 10, last: 14 }], 9)
  expect(at(15, promise)).toEqual({ position: 15, promised: [], written: 14 })
  expect(at(3, promise)).toEqual({ position: 3, promised: [], written: 2 })
})
