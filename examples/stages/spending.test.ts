import { testDriver, topology } from 'murmur/streams'
import { expect, test } from 'vitest'
import { hourly, orders, spending, spent, takings } from './spending.ts'

const shop = topology([{ name: 'shop', stages: [spending, hourly] }])

test('what each customer has spent is added up, from JSON to JSON', async () => {
  const driver = await testDriver(shop)
  for (const [customer, cents] of [
    ['ann', 500],
    ['bob', 1200],
    ['ann', 250],
  ] as const)
    await driver.send(orders, customer, { customer, cents })
  expect((await driver.read(spent)).map(({ value }) => value)).toEqual([
    { customer: 'ann', total: 500 },
    { customer: 'bob', total: 1200 },
    { customer: 'ann', total: 750 },
  ])
})

test('the takings of an hour are told when the next one begins, whoever ordered', async () => {
  const driver = await testDriver(shop)
  const order = (customer: string, cents: number) => driver.send(orders, customer, { customer, cents })
  await order('ann', 500)
  await order('bob', 1200)
  expect(await driver.read(takings)).toEqual([])
  driver.advance(3_600_000)
  await order('ann', 250)
  expect((await driver.read(takings)).map(({ value }) => value)).toEqual([
    { start: Date.UTC(2026, 0, 1), cents: 1700 },
  ])
})

test('an order that is none becomes a dead letter with its bytes, and the rest goes on', async () => {
  const driver = await testDriver(shop)
  await driver.sendRaw(orders, 'ann', Buffer.from('{"customer":"ann","cents":"much"}'))
  await driver.sendRaw(orders, 'ann', Buffer.from('{"customer":'))
  await driver.send(orders, 'ann', { customer: 'ann', cents: 1 })
  expect(await driver.read(spent)).toHaveLength(1)
  expect(
    (await driver.deadletters()).map(({ code, reason, value }) => [code, reason, value.toString()]),
  ).toEqual([
    [
      'UNDECODABLE',
      'the value is not a valid "orders" event: field "cents" is much: write a whole number',
      '{"customer":"ann","cents":"much"}',
    ],
    ['UNDECODABLE', expect.stringContaining('JSON'), '{"customer":'],
  ])
})
