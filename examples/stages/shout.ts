import { each, reject, topic, topics } from 'murmur/streams'

/** What an utterance becomes when it is shouted. */
export const loud = topic<{ readonly text: string }>('loud', {
  type: 'record',
  name: 'Loud',
  fields: [{ name: 'text', type: 'string' }],
})

/** One message in, messages out: no output filters it, `reject` sends it to the dead letters. */
export const shout = each({ name: 'shout', from: topics.utterances, to: loud }, (message) => {
  const { role, text } = message.value
  if (role !== 'user') return []
  if (text === '') return [reject(message, 'field "text" is empty: there is nothing to shout')]
  return [message.to(loud, { text: text.toUpperCase() })]
})
