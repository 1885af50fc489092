/** Every event of the product and the topic that carries it, in the order in which an utterance passes them. */
export const catalogue = {
  utterance: 'utterances',
  cleaned: 'cleaned',
  understood: 'understood',
  contextualised: 'contextualised',
  processed: 'processed',
  reply: 'replies',
  alert: 'alerts',
  deadletter: 'deadletters',
} as const

export type EventName = keyof typeof catalogue

export const eventNames = Object.keys(catalogue) as readonly EventName[]

/** One event on its way: each starts with exactly the fields of the one before. */
export const chain: readonly EventName[] = [
  'utterance',
  'cleaned',
  'understood',
  'contextualised',
  'processed',
]

/** The registry subject of a topic's values (Confluent's TopicNameStrategy). */
export const subjectOf = (topic: string): string => `${topic}-value`

/** Own schemas have ids below this one, the same in every installation; what users register has ids from it on. */
export const firstUserId = 10_000
