import { outOfScope, type Understanding } from './tier.ts'

/** What a text counts as whose intent isn't clear; empty: as what it is likeliest. */
export interface Fallback {
  /** Of a text that fits no intent. */
  readonly outOfScope: string
  /** Of a text whose likeliest intent is less likely than `below`. */
  readonly unsure: string
  readonly below: number
  /** Of a text with other intents that are nearly as likely. */
  readonly ambiguous: string
}

export const noFallback: Fallback = { outOfScope: '', unsure: '', below: 0, ambiguous: '' }

/** Names the fallback in place of the intent, which then heads the alternatives. */
export function fallBack(answer: Understanding, fallback: Fallback): Understanding {
  const { intent, intentConfidence, alternatives } = answer
  if (intent === outOfScope)
    return fallback.outOfScope === '' ? answer : { ...answer, intent: fallback.outOfScope }
  const name = alternatives.length > 0 && fallback.ambiguous !== '' ? fallback.ambiguous : unsure()
  if (name === '') return answer
  return {
    ...answer,
    intent: name,
    alternatives: [{ intent, confidence: intentConfidence }, ...alternatives],
  }

  function unsure(): string {
    return intentConfidence < fallback.below ? fallback.unsure : ''
  }
}
