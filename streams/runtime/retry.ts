import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectorError } from '../../connectors/errors.ts'
import type { Meter } from './meter.ts'

export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

export const defaultBackoff: Backoff = { firstMs: 100, maxMs: 10_000 }

/**
 * How long to wait before attempt `attempt` (1 is the first repetition): exponential with full jitter, so that
 * many who failed together don't come back together.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const delayBefore = (attempt: number, { firstMs, maxMs }: Backoff, random = Math.random): number =>
  random() * Math.min(maxMs, firstMs * 2 ** (attempt - 1))

/** Waits; resolves early, with false, when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal })
    return true
  } catch {
    return false
  }
}

/**
 * Repeats work at a connector until it succeeds; the meter shows why it doesn't yet.
 * @throws what repeating can't mend; the signal's reason, where it aborts meanwhile
 */
export async function persist<T>(
  meter: Pick<Meter, 'state'>,
  backoff: Backoff,
  end: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await work()
      meter.state('running')
      return result
    } catch (error) {
      if (!(error instanceof ConnectorError && error.retryable)) throw error
      meter.state('retrying', error.message)
      await pause(delayBefore(attempt, backoff), end)
      end.throwIfAborted()
    }
  }
}
