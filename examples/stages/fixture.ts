import { randomUUID } from 'node:crypto'

/** What somebody says, as the event that the gateway makes of it. */
export const utterance = (conversation: string, text: string, user = 'ann', channel = 'chat') => ({
  id: randomUUID(),
  conversation,
  user,
  channel,
  role: 'user' as const,
  text,
  media: [],
  languageHint: null,
  occurredAt: 0,
  attributes: {},
})
