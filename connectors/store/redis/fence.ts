import { ConnectorError } from '../../errors.ts'
import type { Fence } from '../store.ts'

/** An owner's saves are numbered, so that Redis can tell one that comes late, and the owner one that is gone. */
export interface Saves {
  readonly token: number
  /** The last one that Redis has acknowledged. */
  acknowledged: number
  /** The last one that was sent. */
  sent: number
}

export const noSaves = (token: number): Saves => ({ token, acknowledged: 0, sent: 0 })

/**
 * Compares the fence in Redis, "token number", with what the owner knows.
 * @returns the number of the last save that Redis has
 * @throws FENCED, STORE_UNSAFE where acknowledged saves are gone
 */
export function checkFence(stored: unknown, fence: Fence, { acknowledged }: Saves): number {
  const place = `${fence.topic}/${fence.partition} in group "${fence.group}"`
  const [token = 0, number = 0] = stored ? String(stored).split(' ').map(Number) : []
  if (token > fence.token)
    throw new ConnectorError('FENCED', `another owner has taken over the state of ${place}`)
  if (token < fence.token || number < acknowledged)
    throw new ConnectorError(
      'STORE_UNSAFE',
      `Redis has lost saves of the state of ${place} that it had acknowledged: it was emptied, restarted without appendonly, or failed over to a replica that lagged; restart the processor to go on with what is left, or replay the topic under another processor name; to prevent it, set appendonly yes and store.redis.replicas`,
    )
  return number
}
