import type { Understanding } from './tier.ts'

const most = 3
const none: Understanding['alternatives'] = []

/**
 * The intents that are nearly as likely as the best, the likeliest first: none, unless the text is ambiguous.
 * @param best index of the likeliest among `probabilities`, whose labels these are
 * @param margin no further behind it than this
 */
export function alternativesTo(
  best: number,
  probabilities: Float64Array,
  labels: readonly string[],
  margin: number,
): Understanding['alternatives'] {
  const top = probabilities[best]!
  // What all others share among them is not near enough
  if (1 - top <= top - margin) return none
  return [...probabilities.entries()]
    .filter(([at, probability]) => at !== best && top - probability < margin)
    .sort((a, b) => b[1] - a[1])
    .slice(0, most)
    .map(([at, probability]) => ({ intent: labels[at]!, confidence: probability }))
}
