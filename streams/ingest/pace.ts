import { pause } from '../runtime/retry.ts'

/** A paced ingest writes in slices of this length. */
const sliceMs = 20
/** After a stall, at most so much is caught up at once. */
const maxCatchUpMs = 1000

export interface Pace {
  /** How many rows make a slice. */
  readonly maxRows: number
  /** Waits until so many rows may go; false when the signal aborted. */
  take(rows: number, signal: AbortSignal): Promise<boolean>
}

/** A token bucket over a schedule, so that late timers don't add up. `rate` is in rows a second; undefined: any. */
export function paceOf(rate: number | undefined, maxRows: number): Pace {
  if (rate === undefined) return { maxRows, take: async (_rows, signal) => !signal.aborted }
  if (!(rate > 0)) throw new RangeError(`rate ${rate} is not above 0; give rows a second, or leave it out`)
  let due = performance.now()
  return {
    maxRows: Math.max(1, Math.min(maxRows, Math.round((rate * sliceMs) / 1000))),
    async take(rows, signal) {
      const now = performance.now()
      due = Math.max(due, now - maxCatchUpMs)
      if (due > now && !(await pause(due - now, signal))) return false
      due += (rows / rate) * 1000
      return !signal.aborted
    },
  }
}
