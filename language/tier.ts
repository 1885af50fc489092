import type { Sentiment } from '../schemas/generated/events.ts'

/** What a tier understood of one text. */
export interface Understanding {
  /** The most likely intent, or `out_of_scope`. */
  readonly intent: string
  /** Calibrated probability of the intent, 0 to 1. */
  readonly intentConfidence: number
  /** Other intents that are nearly as likely; not empty: the text is ambiguous. */
  readonly alternatives: readonly { readonly intent: string; readonly confidence: number }[]
  readonly sentiment: Sentiment
  /** -1 (negative) to 1 (positive). */
  readonly sentimentScore: number
  /** What a user's own heads say, by head. */
  readonly labels: Readonly<Record<string, string>>
  /** Calibrated probability of each, 0 to 1, by head. */
  readonly labelConfidences: Readonly<Record<string, number>>
  /** Name of the tier that answered. */
  readonly tier: string
  /** Version of the language model that answered; empty where it has none. */
  readonly model: string
}

export interface Text {
  /** Cleaned text. */
  readonly text: string
  /** en, zh, mixed or other. */
  readonly language: string
}

/**
 * One tier of the cascade: a model that understands texts. The first tier that is sure of a text answers it;
 * what it hands on (undefined) goes to the next. The last tier answers everything.
 */
export interface Tier {
  readonly name: string
  /** One answer a text, in order; undefined: not sure, ask the next tier. */
  understand(
    texts: readonly Text[],
  ): readonly (Understanding | undefined)[] | Promise<readonly (Understanding | undefined)[]>
}

export const outOfScope = 'out_of_scope'
