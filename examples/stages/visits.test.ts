import { type TestDriver, testDriver, topics, topology } from 'murmur/streams'
import { beforeEach, expect, test } from 'vitest'
import { utterance } from './fixture.ts'
import { shout } from './shout.ts'
import { counted, visits } from './visits.ts'

let driver: TestDriver
beforeEach(async () => {
  driver = await testDriver(topology([{ name: 'shouting', stages: [shout, visits] }]))
})

const say = (conversation: string, text: string) =>
  driver.send(topics.utterances, conversation, utterance(conversation, text))

test('what is said is shouted, and counted by conversation', async () => {
  await say('c1', 'hello')
  await say('c2', 'hi')
  await say('c1', 'anyone?')
  expect(await driver.read(counted)).toEqual([
    { key: 'c1', value: { text: 'HELLO', visits: 1 } },
    { key: 'c2', value: { text: 'HI', visits: 1 } },
    { key: 'c1', value: { text: 'ANYONE?', visits: 2 } },
  ])
})

test('after a day of silence the count starts again; the test does not wait for it', async () => {
  await say('c1', 'hello')
  driver.advance(86_400_001)
  await say('c1', 'hello again')
  expect((await driver.read(counted)).map(({ value }) => value.visits)).toEqual([1, 1])
})

test('an empty text is refused, and the rest goes on', async () => {
  await say('c1', '')
  await say('c1', 'hello')
  expect((await driver.read(counted)).map(({ value }) => value.text)).toEqual(['HELLO'])
  expect(await driver.deadletters()).toMatchObject([
    { stage: 'shout', key: 'c1', reason: 'field "text" is empty: there is nothing to shout' },
  ])
})
