import { expect, test } from 'vitest'
import { jsonTopic, topic } from '../../schemas/topic.ts'
import { reject } from '../message.ts'
import { batch, each, keyed } from '../stage.ts'
import { testDriver } from './driver.ts'
import { topology } from './topology.ts'

interface Line {
  readonly text: string
}
interface Counted extends Line {
  readonly visits: number
}
const text = { name: 'text', type: 'string' }
const lines = topic<Line>('lines', { type: 'record', name: 'Line', fields: [text] })
const loud = topic<Line>('loud', { type: 'record', name: 'Loud', fields: [text] })
const counted = topic<Counted>('counted', {
  type: 'record',
  name: 'Counted',
  fields: [text, { name: 'visits', type: 'int' }],
})

const shout = each({ name: 'shout', from: lines, to: loud }, (message) =>
  message.value.text === ''
    ? [reject(message, 'field "text" is empty: say something')]
    : [message.with({ text: message.value.text.toUpperCase() })],
)
const visits = keyed(
  { name: 'visits', from: loud, to: counted, state: { initial: () => 0, expireAfter: '1d' } },
  (count, message) => [count + 1, [message.with({ visits: count + 1 })]],
)
const values = (read: readonly { value: unknown }[]) => read.map(({ value }) => value)

test('a fused processor hands messages over in memory, and writes only at its edge', async () => {
  const driver = await testDriver(topology([{ name: 'shouting', stages: [shout, visits] }]))
  await driver.send(lines, 'ann', { text: 'hello' })
  await driver.send(lines, 'bob', { text: 'hi' })
  await driver.send(lines, 'ann', { text: 'again' })
  expect(values(await driver.read(counted))).toEqual([
    { text: 'HELLO', visits: 1 },
    { text: 'HI', visits: 1 },
    { text: 'AGAIN', visits: 2 },
  ])
  expect(await driver.read(loud)).toEqual([])
})

test('the same stages apart, or publishing, give the same result and show what is between', async () => {
  for (const processors of [
    [
      { name: 'shouting', stages: [shout] },
      { name: 'counting', stages: [visits] },
    ],
    [{ name: 'both', stages: [shout, visits], publish: ['loud'] }],
  ]) {
    const driver = await testDriver(topology(processors))
    await driver.send(lines, 'ann', { text: 'hello' })
    expect(values(await driver.read(counted))).toEqual([{ text: 'HELLO', visits: 1 }])
    expect(values(await driver.read(loud))).toEqual([{ text: 'HELLO' }])
  }
})

test('state is forgotten when its time has come', async () => {
  const driver = await testDriver(topology([{ name: 'shouting', stages: [shout, visits] }]))
  await driver.send(lines, 'ann', { text: 'one' })
  driver.advance(86_400_000)
  await driver.send(lines, 'ann', { text: 'two' })
  driver.advance(86_400_001)
  await driver.send(lines, 'ann', { text: 'three' })
  expect((await driver.read(counted)).map(({ value }) => value.visits)).toEqual([1, 2, 1])
})

test('what a stage rejects becomes a dead letter with its bytes; the rest goes on', async () => {
  const driver = await testDriver(topology([{ name: 'shouting', stages: [shout, visits] }]))
  await driver.send(lines, 'ann', { text: '' })
  await driver.send(lines, 'ann', { text: 'fine' })
  expect(values(await driver.read(counted))).toEqual([{ text: 'FINE', visits: 1 }])
  expect(await driver.deadletters()).toMatchObject([
    {
      topic: 'lines',
      offset: 0,
      key: 'ann',
      stage: 'shout',
      code: 'REJECTED',
      reason: 'field "text" is empty: say something',
    },
  ])
})

test('bytes that are no event become dead letters that say what is wrong', async () => {
  const driver = await testDriver(topology([{ name: 'shouting', stages: [shout, visits] }]))
  await driver.sendRaw(lines, 'k', Buffer.from('{"text":"hello"}'))
  await driver.sendRaw(lines, 'k', Buffer.from([0, 0, 0, 0, 77, 2, 65]))
  await driver.sendRaw(lines, 'k', Buffer.from([0, 0, 0, 0, 2, 20, 65]))
  await driver.sendRaw(lines, 'k', Buffer.from([0, 0, 0, 0, 2, 2, 65, 66]))
  expect(await driver.read(counted)).toEqual([])
  expect((await driver.deadletters()).map(({ code }) => code)).toEqual([
    'NOT_FRAMED',
    'UNKNOWN_SCHEMA',
    'UNDECODABLE',
    'UNDECODABLE',
  ])
})

test('a batch stage sees the whole batch, and an asynchronous one keeps the order', async () => {
  const sizes: number[] = []
  const slow = each({ name: 'slow', from: lines, to: loud }, async (message) => {
    await new Promise((resolve) => setTimeout(resolve, message.value.text.length === 1 ? 10 : 0))
    return [message.with({ text: `${message.value.text}!` })]
  })
  const measure = batch({ name: 'measure', from: loud, to: counted }, (messages) => {
    sizes.push(messages.length)
    return messages.map((message) => message.with({ visits: messages.length }))
  })
  const driver = await testDriver(topology([{ name: 'p', stages: [slow, measure] }]))
  await driver.send(lines, 'k', { text: 'a' })
  await driver.send(lines, 'k', { text: 'long' })
  expect((await driver.read(counted)).map(({ value }) => value.text)).toEqual(['a!', 'long!'])
  expect(sizes).toEqual([1, 1])
})

test('sending what is no event of the topic fails at once', async () => {
  const driver = await testDriver(topology([{ name: 'shouting', stages: [shout, visits] }]))
  await expect(driver.send(lines, 'k', { text: 7 } as never)).rejects.toThrow(
    'field "text": 7 is not "string"',
  )
})

test('a topology that makes no sense is refused, with the remedy', () => {
  const p = (name: string, ...stages: (typeof shout)[]) => ({ name, stages })
  const silent = keyed({ name: 'count', from: counted, to: loud, state: { initial: () => 0 } }, (n) => [
    n,
    [],
  ])
  expect(() => topology([p('a', shout), p('a', visits)])).toThrow('two processors are named "a"')
  expect(() => topology([p('a')])).toThrow('processor "a" has no stages')
  expect(() => topology([p('a', shout, shout)])).toThrow('two stages "shout"')
  expect(() => topology([p('a', visits, shout, silent)])).toThrow(
    '"loud" and "lines", but its stage "visits" keeps state',
  )
  expect(() =>
    topology([
      p(
        'a',
        each({ name: 'a/b', from: lines, to: loud }, () => []),
      ),
    ]),
  ).toThrow('rename it')
  const other = topic<Line>('lines', { type: 'record', name: 'Other', fields: [] })
  expect(() =>
    topology([
      p('a', shout),
      p(
        'b',
        each({ name: 's', from: other, to: loud }, () => []),
      ),
    ]),
  ).toThrow('two schemas')
  const orders = () => each({ name: 'orders', from: jsonTopic('orders', String), to: loud }, () => [])
  expect(() =>
    topology([
      { name: 'a', stages: [orders()] },
      { name: 'b', stages: [orders()] },
    ]),
  ).toThrow('topic "orders" is declared twice')
})
