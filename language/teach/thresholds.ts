/** How both tiers answer a text that neither was trained on. */
export interface Duel {
  /** The linear tier's confidence. */
  readonly confidence: number
  readonly linearRight: boolean
  readonly denseRight: boolean
  /** How much the text counts. */
  readonly weight: number
}

/** Above 1: the linear tier never answers. */
export const never = 2
/** The share of answers that may be lost for the sake of speed. */
const loss = 0.002

/**
 * How sure the linear tier must be so that it may answer in place of the encoder: the least confidence at which, and above which,
 * no more than 0.2 points of accuracy are lost.
 */
export function thresholdOf(duels: readonly Duel[]): number {
  const sorted = duels.toSorted((a, b) => b.confidence - a.confidence)
  const allowed = loss * sorted.reduce((sum, { weight }) => sum + weight, 0)
  let lost = 0
  let threshold = never
  for (let at = 0; at < sorted.length; at++) {
    const { confidence, linearRight, denseRight, weight } = sorted[at] as Duel
    lost += weight * (Number(denseRight) - Number(linearRight))
    if (lost > allowed) break
    // Texts of one confidence go together
    if (sorted[at + 1]?.confidence !== confidence) threshold = confidence
  }
  return threshold
}
