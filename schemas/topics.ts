import * as events from './generated/events.ts'
import { topic } from './topic.ts'

/** Every topic of the product, in the order in which an utterance passes them. Keyed by conversation, but for alerts. */
export const utterances = topic<events.Utterance>('utterances', events.utteranceSchema)
export const cleaned = topic<events.Cleaned>('cleaned', events.cleanedSchema)
export const understood = topic<events.Understood>('understood', events.understoodSchema)
export const contextualised = topic<events.Contextualised>('contextualised', events.contextualisedSchema)
export const processed = topic<events.Processed>('processed', events.processedSchema)
export const replies = topic<events.Reply>('replies', events.replySchema)
export const alerts = topic<events.Alert>('alerts', events.alertSchema)
export const deadletters = topic<events.DeadLetter>('deadletters', events.deadletterSchema)

export const topics = [
  utterances,
  cleaned,
  understood,
  contextualised,
  processed,
  replies,
  alerts,
  deadletters,
] as const
