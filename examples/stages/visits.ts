import { keyed, topic } from 'murmur/streams'
import { loud } from './shout.ts'

export const counted = topic<{ readonly text: string; readonly visits: number }>('counted', {
  type: 'record',
  name: 'Counted',
  fields: [
    { name: 'text', type: 'string' },
    { name: 'visits', type: 'int' },
  ],
})

/** State by key, in and out as a value. The key of an utterance is its conversation. */
export const visits = keyed(
  { name: 'visits', from: loud, to: counted, state: { initial: () => 0, expireAfter: '1d' } },
  (before, message) => [before + 1, [message.with({ visits: before + 1 })]],
)
