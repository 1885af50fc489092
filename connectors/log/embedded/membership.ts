import { randomUUID } from 'node:crypto'
import type { Environment } from '../../embedded/environment.ts'
import { thisProcess } from '../../embedded/process.ts'
import { type Place, placeName } from '../assign.ts'
import type { Committed, Subscription } from '../log.ts'
import * as groups from './group.ts'
import { forget, startHeartbeat } from './heartbeat.ts'

/** A partition that this member holds. */
export interface Partition extends groups.Held {
  /** Where the next claim begins. */
  offset: number
  /** Waits for `onAssigned`; undefined since that was called. */
  fresh: Committed | undefined
}

/** One consumer's place in its group. Nothing here waits: every change is one transaction. */
export interface Membership {
  readonly id: string
  readonly held: ReadonlyMap<string, Partition>
  /** Another look at the group is due once the claim in hand is done. */
  readonly overdue: boolean
  beat(): void
  /**
   * Follows the group: gives up what was lost, gives back what is too much, takes what is due.
   * @param inHand partitions whose claim is in hand: they are given back after it
   * @param dropped called with the partitions that are gone
   * @returns whether anything changed
   */
  follow(inHand: readonly Partition[], dropped: (partitions: readonly Partition[]) => void): boolean
  /** Partitions that are held go on as if they had just been taken over. */
  renew(partitions: readonly Partition[]): void
  /** Gives everything back and leaves the group. */
  leave(): readonly Partition[]
}

export function join(
  environment: Environment,
  { group, topics, from }: Pick<Subscription, 'group' | 'topics' | 'from'>,
  leaseMs: number,
): Membership {
  const self: groups.Member = { id: randomUUID(), topics, process: thisProcess() }
  const held = new Map<string, Partition>()
  let heartbeat = startHeartbeat(environment.folder, self.id)
  let overdue = false

  const look = () => groups.review(environment, group, self, [...held.values()], leaseMs)

  const remove = (places: readonly groups.Held[]): Partition[] =>
    places.map((place) => {
      const partition = held.get(placeName(place)) as Partition
      held.delete(placeName(place))
      return partition
    })

  function takeOver(place: Place): Partition {
    const fresh = groups.startOffset(environment, group, place, from)
    return { ...groups.take(environment, group, self.id, place), offset: fresh.offset, fresh }
  }

  return {
    id: self.id,
    held,
    get overdue() {
      return overdue
    },
    beat: () => heartbeat.beat(),
    follow(inHand, dropped) {
      const busy = new Set(inHand.map(placeName))
      const idle = (places: readonly groups.Held[]) => places.filter((place) => !busy.has(placeName(place)))
      environment.refresh()
      const first = look()
      overdue = idle(first.surplus).length < first.surplus.length
      const { dead, lost, gained, joined } = first
      if (joined && dead.length + lost.length + gained.length + idle(first.surplus).length === 0) return false
      const { taken, ...changes } = environment.transaction(() => {
        const now = look()
        groups.enrol(environment, group, self, now.dead)
        for (const place of idle(now.surplus)) groups.giveBack(environment, group, self.id, place)
        return { ...now, taken: now.gained.map(takeOver) }
      })
      for (const member of changes.dead) forget(environment.folder, member)
      if (!changes.joined) {
        // The others may have struck this member off, and removed its file with that.
        heartbeat.end()
        heartbeat = startHeartbeat(environment.folder, self.id)
      }
      const gone = remove([...changes.lost, ...idle(changes.surplus)])
      for (const partition of taken) held.set(placeName(partition), partition)
      if (gone.length > 0) dropped(gone)
      return true
    },
    renew(partitions) {
      environment.refresh()
      for (const partition of partitions) {
        partition.fresh = groups.startOffset(environment, group, partition, from)
        partition.offset = partition.fresh.offset
      }
    },
    leave() {
      const places = [...held.values()]
      held.clear()
      try {
        environment.transaction(() => {
          for (const place of places) groups.giveBack(environment, group, self.id, place)
          groups.resign(environment, group, self)
        })
      } finally {
        heartbeat.end()
      }
      return places
    },
  }
}
