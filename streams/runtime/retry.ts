import { setTimeout as sleep } from 'node:timers/promises'

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
