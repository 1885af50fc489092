import type { Sentiment } from '../schemas/generated/events.ts'

/** What a tier understood of one text. */
export interface Understanding {
  /** The most likely intent, or `out_of_scope`. */
  readonly intent: string
  /** Calibrated probability of the intent, 0 to 1. */
  readonly intentConfidence: number
  readonly sentiment: Sentiment
  /** -1 (negative) to 1 (positive). */
  readonly sentimentScore: number
  /** Name of the tier that answered. */
  readonly tier: string
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
