// Generated from schemas/*.avsc by `npm run generate`. Change those instead.

/** @public */
export type Role = 'user' | 'bot' | 'agent'

/** @public */
export interface Media {
  /** MIME type */
  readonly type: string
  /** File name as the sender gave it */
  readonly name: null | string
  /** The content itself, up to 10,485,760 bytes; larger ones by url */
  readonly data: null | Buffer
  /** Where the content lies in shared storage */
  readonly url: null | string
  /** Bytes of the content */
  readonly size: number
}

/** What somebody said */
export interface Utterance {
  /** Unique: one utterance, one id, however often it is sent */
  readonly id: string
  /** Key: order holds within a conversation */
  readonly conversation: string
  /** Who spoke, as the channel knows them */
  readonly user: null | string
  /** Where it was said: chat, web, voice, social, review, import … */
  readonly channel: string
  /** A bot's or an agent's words re-enter as utterances; they are remembered, never answered */
  readonly role: Role
  /** What was said, as it was said */
  readonly text: string
  /** Voice notes, pictures, documents */
  readonly media: readonly Media[]
  /** BCP 47 tag that the channel claims */
  readonly languageHint: null | string
  /** When it was said */
  readonly occurredAt: number
  /** Whatever else the channel knows */
  readonly attributes: Readonly<Record<string, string>>
}

export const utteranceSchema = {
  type: "record",
  name: "Utterance",
  namespace: "murmur",
  doc: "What somebody said",
  fields: [
    {"name":"id","type":"string","doc":"Unique: one utterance, one id, however often it is sent"},
    {"name":"conversation","type":"string","doc":"Key: order holds within a conversation"},
    {"name":"user","type":["null","string"],"default":null,"doc":"Who spoke, as the channel knows them"},
    {"name":"channel","type":"string","doc":"Where it was said: chat, web, voice, social, review, import …"},
    {"name":"role","type":{"type":"enum","name":"Role","symbols":["user","bot","agent"]},"doc":"A bot's or an agent's words re-enter as utterances; they are remembered, never answered"},
    {"name":"text","type":"string","doc":"What was said, as it was said"},
    {"name":"media","type":{"type":"array","items":{"type":"record","name":"Media","fields":[{"name":"type","type":"string","doc":"MIME type"},{"name":"name","type":["null","string"],"default":null,"doc":"File name as the sender gave it"},{"name":"data","type":["null","bytes"],"default":null,"doc":"The content itself, up to 10,485,760 bytes; larger ones by url"},{"name":"url","type":["null","string"],"default":null,"doc":"Where the content lies in shared storage"},{"name":"size","type":"long","doc":"Bytes of the content"}]}},"default":[],"doc":"Voice notes, pictures, documents"},
    {"name":"languageHint","type":["null","string"],"default":null,"doc":"BCP 47 tag that the channel claims"},
    {"name":"occurredAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was said"},
    {"name":"attributes","type":{"type":"map","values":"string"},"default":{},"doc":"Whatever else the channel knows"},
  ],
} as const

/** An utterance with its text normalised */
export interface Cleaned extends Utterance {
  /** Normalised text: NFKC, no control or zero-width characters, single blanks */
  readonly cleanText: string
  /** en, zh, mixed or other */
  readonly language: string
  /** 0 to 1 */
  readonly languageConfidence: number
  /** 52-bit SimHash of the clean text: near-duplicates differ in few bits */
  readonly fingerprint: number
  /** The text was longer than allowed and was cut */
  readonly truncated: boolean
}

export const cleanedSchema = {
  type: "record",
  name: "Cleaned",
  namespace: "murmur",
  doc: "An utterance with its text normalised",
  fields: [
    ...utteranceSchema.fields,
    {"name":"cleanText","type":"string","doc":"Normalised text: NFKC, no control or zero-width characters, single blanks"},
    {"name":"language","type":"string","doc":"en, zh, mixed or other"},
    {"name":"languageConfidence","type":"float","doc":"0 to 1"},
    {"name":"fingerprint","type":"long","doc":"52-bit SimHash of the clean text: near-duplicates differ in few bits"},
    {"name":"truncated","type":"boolean","doc":"The text was longer than allowed and was cut"},
  ],
} as const

/** An utterance with its text normalised: what came before, and what is new. */
export const cleanedFrom = (before: Utterance, added: Omit<Cleaned, keyof Utterance>): Cleaned => ({
  id: before.id,
  conversation: before.conversation,
  user: before.user,
  channel: before.channel,
  role: before.role,
  text: before.text,
  media: before.media,
  languageHint: before.languageHint,
  occurredAt: before.occurredAt,
  attributes: before.attributes,
  cleanText: added.cleanText,
  language: added.language,
  languageConfidence: added.languageConfidence,
  fingerprint: added.fingerprint,
  truncated: added.truncated,
})

/** @public */
export type Sentiment = 'negative' | 'neutral' | 'positive'

/** @public */
export interface Alternative {
  /** Another intent */
  readonly intent: string
  /** Calibrated probability, 0 to 1 */
  readonly confidence: number
}

/** @public */
export interface AspectSentiment {
  /** Name of the aspect, as configured */
  readonly aspect: string
  /** Polarity of what is said of it */
  readonly sentiment: Sentiment
  /** -1 (negative) to 1 (positive) */
  readonly score: number
}

/** A cleaned utterance with intent and sentiment */
export interface Understood extends Cleaned {
  /** The most likely intent, or out_of_scope */
  readonly intent: string
  /** Calibrated probability, 0 to 1 */
  readonly intentConfidence: number
  /** Polarity */
  readonly sentiment: Sentiment
  /** -1 (negative) to 1 (positive) */
  readonly sentimentScore: number
  /** Which tier of the model answered */
  readonly tier: string
  /** Version of the language model that answered */
  readonly modelVersion: string
  /** Other intents that are nearly as likely, the likeliest first; not empty: the utterance is ambiguous */
  readonly alternatives: readonly Alternative[]
  /** What heads of your own say, by head: topic, spam … */
  readonly labels: Readonly<Record<string, string>>
  /** Calibrated probability of each label, 0 to 1, by head */
  readonly labelConfidences: Readonly<Record<string, number>>
  /** What the user shows: anger, sadness, fear, joy, surprise, gratitude or none */
  readonly emotion: string
  /** How much the user presses, 0 to 1 */
  readonly urgency: number
  /** What the user speaks of, and how */
  readonly aspects: readonly AspectSentiment[]
}

export const understoodSchema = {
  type: "record",
  name: "Understood",
  namespace: "murmur",
  doc: "A cleaned utterance with intent and sentiment",
  fields: [
    ...cleanedSchema.fields,
    {"name":"intent","type":"string","doc":"The most likely intent, or out_of_scope"},
    {"name":"intentConfidence","type":"float","doc":"Calibrated probability, 0 to 1"},
    {"name":"sentiment","type":{"type":"enum","name":"Sentiment","symbols":["negative","neutral","positive"]},"doc":"Polarity"},
    {"name":"sentimentScore","type":"float","doc":"-1 (negative) to 1 (positive)"},
    {"name":"tier","type":"string","doc":"Which tier of the model answered"},
    {"name":"modelVersion","type":"string","default":"","doc":"Version of the language model that answered"},
    {"name":"alternatives","type":{"type":"array","items":{"type":"record","name":"Alternative","fields":[{"name":"intent","type":"string","doc":"Another intent"},{"name":"confidence","type":"float","doc":"Calibrated probability, 0 to 1"}]}},"default":[],"doc":"Other intents that are nearly as likely, the likeliest first; not empty: the utterance is ambiguous"},
    {"name":"labels","type":{"type":"map","values":"string"},"default":{},"doc":"What heads of your own say, by head: topic, spam …"},
    {"name":"labelConfidences","type":{"type":"map","values":"float"},"default":{},"doc":"Calibrated probability of each label, 0 to 1, by head"},
    {"name":"emotion","type":"string","default":"none","doc":"What the user shows: anger, sadness, fear, joy, surprise, gratitude or none"},
    {"name":"urgency","type":"float","default":0,"doc":"How much the user presses, 0 to 1"},
    {"name":"aspects","type":{"type":"array","items":{"type":"record","name":"AspectSentiment","fields":[{"name":"aspect","type":"string","doc":"Name of the aspect, as configured"},{"name":"sentiment","type":"Sentiment","doc":"Polarity of what is said of it"},{"name":"score","type":"float","doc":"-1 (negative) to 1 (positive)"}]}},"default":[],"doc":"What the user speaks of, and how"},
  ],
} as const

/** A cleaned utterance with intent and sentiment: what came before, and what is new. */
export const understoodFrom = (before: Cleaned, added: Omit<Understood, keyof Cleaned>): Understood => ({
  id: before.id,
  conversation: before.conversation,
  user: before.user,
  channel: before.channel,
  role: before.role,
  text: before.text,
  media: before.media,
  languageHint: before.languageHint,
  occurredAt: before.occurredAt,
  attributes: before.attributes,
  cleanText: before.cleanText,
  language: before.language,
  languageConfidence: before.languageConfidence,
  fingerprint: before.fingerprint,
  truncated: before.truncated,
  intent: added.intent,
  intentConfidence: added.intentConfidence,
  sentiment: added.sentiment,
  sentimentScore: added.sentimentScore,
  tier: added.tier,
  modelVersion: added.modelVersion,
  alternatives: added.alternatives,
  labels: added.labels,
  labelConfidences: added.labelConfidences,
  emotion: added.emotion,
  urgency: added.urgency,
  aspects: added.aspects,
})

/** @public */
export interface Turn {
  /** Who spoke */
  readonly role: Role
  /** Cleaned text, cut to 200 characters */
  readonly text: string
  /** Intent of the turn */
  readonly intent: string
  /** When it was said */
  readonly at: number
}

/** An understood utterance with its session as of that moment */
export interface Contextualised extends Understood {
  /** Number of this utterance in its session, from 1 */
  readonly turn: number
  /** When the session's first utterance was said */
  readonly sessionStartedAt: number
  /** Utterances of the user so far in the session, this one included */
  readonly userTurns: number
  /** Of these, negative ones */
  readonly negativeTurns: number
  /** The turns before this one, oldest first */
  readonly history: readonly Turn[]
  /** What the session has learnt, as of this utterance */
  readonly slots: Readonly<Record<string, string>>
}

export const contextualisedSchema = {
  type: "record",
  name: "Contextualised",
  namespace: "murmur",
  doc: "An understood utterance with its session as of that moment",
  fields: [
    ...understoodSchema.fields,
    {"name":"turn","type":"int","doc":"Number of this utterance in its session, from 1"},
    {"name":"sessionStartedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the session's first utterance was said"},
    {"name":"userTurns","type":"int","doc":"Utterances of the user so far in the session, this one included"},
    {"name":"negativeTurns","type":"int","doc":"Of these, negative ones"},
    {"name":"history","type":{"type":"array","items":{"type":"record","name":"Turn","fields":[{"name":"role","type":"Role","doc":"Who spoke"},{"name":"text","type":"string","doc":"Cleaned text, cut to 200 characters"},{"name":"intent","type":"string","doc":"Intent of the turn"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was said"}]}},"doc":"The turns before this one, oldest first"},
    {"name":"slots","type":{"type":"map","values":"string"},"doc":"What the session has learnt, as of this utterance"},
  ],
} as const

/** An understood utterance with its session as of that moment: what came before, and what is new. */
export const contextualisedFrom = (before: Understood, added: Omit<Contextualised, keyof Understood>): Contextualised => ({
  id: before.id,
  conversation: before.conversation,
  user: before.user,
  channel: before.channel,
  role: before.role,
  text: before.text,
  media: before.media,
  languageHint: before.languageHint,
  occurredAt: before.occurredAt,
  attributes: before.attributes,
  cleanText: before.cleanText,
  language: before.language,
  languageConfidence: before.languageConfidence,
  fingerprint: before.fingerprint,
  truncated: before.truncated,
  intent: before.intent,
  intentConfidence: before.intentConfidence,
  sentiment: before.sentiment,
  sentimentScore: before.sentimentScore,
  tier: before.tier,
  modelVersion: before.modelVersion,
  alternatives: before.alternatives,
  labels: before.labels,
  labelConfidences: before.labelConfidences,
  emotion: before.emotion,
  urgency: before.urgency,
  aspects: before.aspects,
  turn: added.turn,
  sessionStartedAt: added.sessionStartedAt,
  userTurns: added.userTurns,
  negativeTurns: added.negativeTurns,
  history: added.history,
  slots: added.slots,
})

/** An utterance through the whole chain */
export interface Processed extends Contextualised {
  /** Set by plugins */
  readonly tags: readonly string[]
  /** Set by plugins, by plugin.field */
  readonly annotations: Readonly<Record<string, string>>
  /** When the chain was through */
  readonly processedAt: number
}

export const processedSchema = {
  type: "record",
  name: "Processed",
  namespace: "murmur",
  doc: "An utterance through the whole chain",
  fields: [
    ...contextualisedSchema.fields,
    {"name":"tags","type":{"type":"array","items":"string"},"doc":"Set by plugins"},
    {"name":"annotations","type":{"type":"map","values":"string"},"doc":"Set by plugins, by plugin.field"},
    {"name":"processedAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the chain was through"},
  ],
} as const

/** An utterance through the whole chain: what came before, and what is new. */
export const processedFrom = (before: Contextualised, added: Omit<Processed, keyof Contextualised>): Processed => ({
  id: before.id,
  conversation: before.conversation,
  user: before.user,
  channel: before.channel,
  role: before.role,
  text: before.text,
  media: before.media,
  languageHint: before.languageHint,
  occurredAt: before.occurredAt,
  attributes: before.attributes,
  cleanText: before.cleanText,
  language: before.language,
  languageConfidence: before.languageConfidence,
  fingerprint: before.fingerprint,
  truncated: before.truncated,
  intent: before.intent,
  intentConfidence: before.intentConfidence,
  sentiment: before.sentiment,
  sentimentScore: before.sentimentScore,
  tier: before.tier,
  modelVersion: before.modelVersion,
  alternatives: before.alternatives,
  labels: before.labels,
  labelConfidences: before.labelConfidences,
  emotion: before.emotion,
  urgency: before.urgency,
  aspects: before.aspects,
  turn: before.turn,
  sessionStartedAt: before.sessionStartedAt,
  userTurns: before.userTurns,
  negativeTurns: before.negativeTurns,
  history: before.history,
  slots: before.slots,
  tags: added.tags,
  annotations: added.annotations,
  processedAt: added.processedAt,
})

/** An answer to an utterance */
export interface Reply {
  /** hash(utterance, plugin) */
  readonly id: string
  /** Key */
  readonly conversation: string
  /** Who is answered */
  readonly user: null | string
  /** Where to answer */
  readonly channel: string
  /** Id of the utterance */
  readonly inReplyTo: string
  /** The answer */
  readonly text: string
  /** Who answered */
  readonly plugin: string
  /** Intent that was answered */
  readonly intent: string
  /** 0 to 1 */
  readonly confidence: number
  /** Whatever else the channel needs */
  readonly attributes: Readonly<Record<string, string>>
  /** When it was made */
  readonly createdAt: number
}

export const replySchema = {
  type: "record",
  name: "Reply",
  namespace: "murmur",
  doc: "An answer to an utterance",
  fields: [
    {"name":"id","type":"string","doc":"hash(utterance, plugin)"},
    {"name":"conversation","type":"string","doc":"Key"},
    {"name":"user","type":["null","string"],"default":null,"doc":"Who is answered"},
    {"name":"channel","type":"string","doc":"Where to answer"},
    {"name":"inReplyTo","type":"string","doc":"Id of the utterance"},
    {"name":"text","type":"string","doc":"The answer"},
    {"name":"plugin","type":"string","doc":"Who answered"},
    {"name":"intent","type":"string","doc":"Intent that was answered"},
    {"name":"confidence","type":"float","doc":"0 to 1"},
    {"name":"attributes","type":{"type":"map","values":"string"},"default":{},"doc":"Whatever else the channel needs"},
    {"name":"createdAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was made"},
  ],
} as const

/** @public */
export type Severity = 'info' | 'warning' | 'critical'

/** A rule that held for a window */
export interface Alert {
  /** hash(rule, group, window start) */
  readonly id: string
  /** Name of the rule */
  readonly rule: string
  /** Key: what the rule was grouped by */
  readonly group: string
  /** How bad */
  readonly severity: Severity
  /** Inclusive */
  readonly windowStart: number
  /** Exclusive */
  readonly windowEnd: number
  /** What was measured */
  readonly value: number
  /** What was allowed */
  readonly threshold: number
  /** One sentence for a person */
  readonly summary: string
  /** Ids of some of the utterances */
  readonly samples: readonly string[]
  /** When it was raised */
  readonly createdAt: number
}

export const alertSchema = {
  type: "record",
  name: "Alert",
  namespace: "murmur",
  doc: "A rule that held for a window",
  fields: [
    {"name":"id","type":"string","doc":"hash(rule, group, window start)"},
    {"name":"rule","type":"string","doc":"Name of the rule"},
    {"name":"group","type":"string","doc":"Key: what the rule was grouped by"},
    {"name":"severity","type":{"type":"enum","name":"Severity","symbols":["info","warning","critical"]},"doc":"How bad"},
    {"name":"windowStart","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Inclusive"},
    {"name":"windowEnd","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Exclusive"},
    {"name":"value","type":"double","doc":"What was measured"},
    {"name":"threshold","type":"double","doc":"What was allowed"},
    {"name":"summary","type":"string","doc":"One sentence for a person"},
    {"name":"samples","type":{"type":"array","items":"string"},"default":[],"doc":"Ids of some of the utterances"},
    {"name":"createdAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was raised"},
  ],
} as const

/** @public */
export type Resolution = 'open' | 'redriven' | 'discarded'

/** A message that could not be processed, with its original bytes; or what became of it */
export interface DeadLetter {
  /** hash(topic, partition, offset, stage) */
  readonly id: string
  /** A later record of the same id resolves the first */
  readonly resolution: Resolution
  /** Where the message came from; a source's id for a row that never became one */
  readonly topic: string
  /** Where it came from; -1 for a source */
  readonly partition: number
  /** Where it came from; -1 for a source */
  readonly offset: number
  /** The message's key */
  readonly key: string
  /** The message's original bytes */
  readonly value: Buffer
  /** The message's own time */
  readonly timestamp: number
  /** Which stage refused it */
  readonly stage: string
  /** Kind of fault, as a word for machines */
  readonly code: string
  /** What is wrong, with field, value and remedy */
  readonly reason: string
  /** When it was refused */
  readonly createdAt: number
}

export const deadletterSchema = {
  type: "record",
  name: "DeadLetter",
  namespace: "murmur",
  doc: "A message that could not be processed, with its original bytes; or what became of it",
  fields: [
    {"name":"id","type":"string","doc":"hash(topic, partition, offset, stage)"},
    {"name":"resolution","type":{"type":"enum","name":"Resolution","symbols":["open","redriven","discarded"]},"doc":"A later record of the same id resolves the first"},
    {"name":"topic","type":"string","doc":"Where the message came from; a source's id for a row that never became one"},
    {"name":"partition","type":"int","doc":"Where it came from; -1 for a source"},
    {"name":"offset","type":"long","doc":"Where it came from; -1 for a source"},
    {"name":"key","type":"string","doc":"The message's key"},
    {"name":"value","type":"bytes","doc":"The message's original bytes"},
    {"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"The message's own time"},
    {"name":"stage","type":"string","doc":"Which stage refused it"},
    {"name":"code","type":"string","doc":"Kind of fault, as a word for machines"},
    {"name":"reason","type":"string","doc":"What is wrong, with field, value and remedy"},
    {"name":"createdAt","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it was refused"},
  ],
} as const
