import { ConnectorError } from '../errors.ts'
import type { Scope } from './store.ts'

/**
 * Keeps the keyed state of a topic from being split: it belongs to the number of partitions it was made under.
 * @throws PARTITIONS_CHANGED where the topic has another number now
 */
export function checkPartitions({ group, topic }: Scope, recorded: number, now: number): void {
  if (recorded === now) return
  throw new ConnectorError(
    'PARTITIONS_CHANGED',
    `topic "${topic}" has ${now} partitions, but the state of group "${group}" was made when it had ${recorded}: most keys now go to other partitions than their state; create a new topic with ${now} partitions and replay into it, or give the processor another name, so that it starts with new state from the earliest offset`,
  )
}
