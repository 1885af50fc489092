import { each, keyed, topic, topics } from 'murmur/streams'

interface Spoke {
  readonly user: string
  readonly channel: string
}

const fields = [
  { name: 'user', type: 'string' },
  { name: 'channel', type: 'string' },
]

/** Who spoke where, keyed by user: the same person may hold several conversations. */
const spoke = topic<Spoke>('spoke', { type: 'record', name: 'Spoke', fields })

export const contacts = topic<Spoke>('contacts', { type: 'record', name: 'Contact', fields })

/** State is kept per key, so what is to be counted by user must be keyed by user first. */
export const byUser = each({ name: 'by-user', from: topics.utterances, to: spoke }, (message) => {
  const { user, channel, role } = message.value
  return role === 'user' && user !== null ? [message.to(spoke, { user, channel }, user)] : []
})

/** The first word of a user after 30 days of silence: whom to welcome. */
export const firstContact = keyed(
  { name: 'first-contact', from: spoke, to: contacts, state: { initial: () => 0, expireAfter: '30d' } },
  (lastWord, message) => [message.timestamp, lastWord === 0 ? [message] : []],
)
