import { topology } from 'murmur/streams'
import { byUser, firstContact } from './first-contact.ts'
import { shout } from './shout.ts'
import { visits } from './visits.ts'

/**
 * `shout` hands over to `visits` in memory. What `by-user` makes has another key, hence another partition: it goes
 * through the log, so the stage that keeps state by that key is a processor of its own.
 */
export const examples = topology([
  { name: 'shouting', stages: [shout, visits] },
  { name: 'people', stages: [byUser] },
  { name: 'welcome', stages: [firstContact] },
])
