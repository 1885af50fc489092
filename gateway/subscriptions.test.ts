import { afterEach, beforeEach, expect, it } from 'vitest'
import { ConnectorError } from '../connectors/errors.ts'
import { type Fixture, openFixture } from './fixture.ts'
import type { ReplyHistory } from './history.ts'
import { Subscriptions } from './subscriptions.ts'
import type { Delivery } from './tail.ts'

let fixture: Fixture
beforeEach(async () => {
  fixture = await openFixture()
})
afterEach(() => fixture.close())

const open = (history = fixture.gateway.history, drained = async () => true) =>
  new Subscriptions(fixture.gateway.replies, history, drained)
const start = () => ({ partition: fixture.gateway.replies.partition('c1'), offset: 0 })
const ignore = () => {}

it('gives the backlog first, then what comes, in order', async () => {
  const heard: string[] = []
  const into =
    (name: string) =>
    ({ reply }: Delivery) =>
      void heard.push(`${name} ${reply.text}`)
  await fixture.reply({ text: '1' }, { text: '2' })
  await expect.poll(() => fixture.gateway.replies.end('c1').offset).toBe(2)
  const adding = open().add('c1', start(), into('backlog'), into('live'))
  await fixture.reply({ text: '3' })
  await adding
  await expect.poll(() => heard).toEqual(['backlog 1', 'backlog 2', 'live 3'])
})

it('forgets the conversation where its backlog is gone', async () => {
  await fixture.reply({ text: '1' })
  await expect.poll(() => fixture.gateway.replies.end('c1').offset).toBe(1)
  const gone = new ConnectorError('OFFSET_OUT_OF_RANGE', 'gone')
  const subscriptions = open({ page: () => Promise.reject(gone) } as unknown as ReplyHistory)
  await expect(subscriptions.add('c1', start(), ignore, ignore)).rejects.toBe(gone)
  expect(subscriptions.has('c1')).toBe(false)
})

it('stops the backlog where the client has gone, or subscribes anew', async () => {
  await fixture.reply(...Array.from({ length: 250 }, (_, index) => ({ text: String(index) })))
  await expect.poll(() => fixture.gateway.replies.end('c1').offset).toBe(250)
  const heard: string[] = []
  const backlog = ({ reply }: Delivery) => void heard.push(reply.text)
  await open(undefined, async () => false).add('c1', start(), backlog, ignore)
  expect(heard).toHaveLength(100)
  const subscriptions = open()
  const first = subscriptions.add('c1', start(), backlog, ignore)
  await subscriptions.add('c1', fixture.gateway.replies.end('c1'), ignore, ignore)
  await first
  expect(heard).toHaveLength(100)
})

it('hears so many conversations and no more', async () => {
  const subscriptions = open()
  const here = fixture.gateway.replies.end('c1')
  for (let index = 0; index < 10_000; index++) await subscriptions.add(`c${index}`, here, ignore, ignore)
  await expect(subscriptions.add('one more', here, ignore, ignore)).rejects.toThrow(
    'as many conversations as it may',
  )
  subscriptions.clear()
  expect(subscriptions.has('c1')).toBe(false)
})
