import { testDriver, topics } from 'murmur/streams'
import { expect, test } from 'vitest'
import { contacts } from './first-contact.ts'
import { utterance } from './fixture.ts'
import { examples } from './topology.ts'

const day = 86_400_000

test('a user is welcomed once over all conversations, and again after 30 days of silence', async () => {
  const driver = await testDriver(examples)
  const say = (conversation: string, channel: string) =>
    driver.send(topics.utterances, conversation, utterance(conversation, 'hello', 'ann', channel))

  await say('c1', 'web')
  await say('c2', 'voice')
  driver.advance(20 * day)
  await say('c3', 'chat')
  driver.advance(20 * day)
  await say('c4', 'chat')
  expect(await driver.read(contacts)).toEqual([{ key: 'ann', value: { user: 'ann', channel: 'web' } }])

  driver.advance(30 * day + 1)
  await say('c5', 'voice')
  expect(await driver.read(contacts)).toEqual([{ key: 'ann', value: { user: 'ann', channel: 'voice' } }])
})
