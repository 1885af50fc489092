import { catalogue } from './catalogue.ts'
import * as events from './generated/events.ts'
import { topic } from './topic.ts'

/** Every topic of the product, in the order in which an utterance passes them. Keyed by conversation, but for alerts. */
export const utterances = topic<events.Utterance>(catalogue.utterance, events.utteranceSchema)
export const cleaned = topic<events.Cleaned>(catalogue.cleaned, events.cleanedSchema)
export const understood = topic<events.Understood>(catalogue.understood, events.understoodSchema)
export const contextualised = topic<events.Contextualised>(
  catalogue.contextualised,
  events.contextualisedSchema,
)
export const processed = topic<events.Processed>(catalogue.processed, events.processedSchema)
export const replies = topic<events.Reply>(catalogue.reply, events.replySchema)
export const alerts = topic<events.Alert>(catalogue.alert, events.alertSchema)
export const deadletters = topic<events.DeadLetter>(catalogue.deadletter, events.deadletterSchema)

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
