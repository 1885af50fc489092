import type { Contextualised } from '../../schemas/generated/events.ts'
import type { Plugin, PluginResult } from '../plugin.ts'
import { manifest } from './manifest.ts'

type Trend = 'improving' | 'steady' | 'worsening'

/** So many negative turns make a user a user at risk, … */
const negativeEnough = 3
/** … where they are at least this share of what the user has said. */
const mostly = 2 / 3

/**
 * Looks at the mood of a session.
 * - tag `at_risk`: the user is negative now, for at least the third time, and in two of three turns or more.
 * - annotation `trend`, from the user's second turn on: `worsening` where a negative turn follows turns of which
 *   less than half were negative; `improving` where a turn that isn't negative follows turns of which at least
 *   half were; else `steady`.
 */
export const sentiment = (): Plugin => ({ ...manifest, process: look })

function look({ sentiment, userTurns, negativeTurns }: Contextualised): PluginResult | undefined {
  if (userTurns < 2) return undefined
  const negative = sentiment === 'negative'
  const annotations = { trend: trend(negative, userTurns - 1, negativeTurns - (negative ? 1 : 0)) }
  const atRisk = negative && negativeTurns >= negativeEnough && negativeTurns >= mostly * userTurns
  return atRisk ? { tags: ['at_risk'], annotations } : { annotations }
}

function trend(negative: boolean, turnsBefore: number, negativeBefore: number): Trend {
  const wasNegative = negativeBefore * 2 >= turnsBefore
  if (negative === wasNegative) return 'steady'
  return negative ? 'worsening' : 'improving'
}
