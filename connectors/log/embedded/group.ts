import type { Key } from 'lmdb'
import type { Environment } from '../../embedded/environment.ts'
import type { Process } from '../../embedded/process.ts'
import { ConnectorError } from '../../errors.ts'
import { assign, type Place, placeName } from '../assign.ts'
import type { Committed, GroupDescription, Position, Subscription } from '../log.ts'
import { isAlive } from './heartbeat.ts'
import { headOf, partitionsOf } from './partitions.ts'

/** A consumer as its group knows it. */
export interface Member {
  readonly id: string
  readonly topics: readonly string[]
  readonly process: Process
}

/** Who owns a partition. The token rises with every owner: an earlier one's commit is refused. */
interface Lease {
  readonly token: number
  readonly owner: string | null
}

export interface Held extends Place {
  readonly token: number
}

/** What a member has to do so that the group agrees with the shared-out assignment. */
export interface Changes {
  /** Members whose leases have run out. */
  readonly dead: readonly string[]
  /** Held places that another member has taken over. */
  readonly lost: readonly Held[]
  /** Held places that the assignment gives to another. */
  readonly surplus: readonly Held[]
  /** Places that the assignment gives to this member, and that nobody alive holds. */
  readonly gained: readonly Place[]
  readonly joined: boolean
}

const groupKey = (group: string): Key => ['group', group]
const leaseKey = (group: string, { topic, partition }: Place): Key => ['lease', group, topic, partition]
const offsetKey = (group: string, { topic, partition }: Place): Key => ['offset', group, topic, partition]

const membersOf = ({ meta }: Environment, group: string): readonly Member[] =>
  (meta.get(groupKey(group)) as readonly Member[] | undefined) ?? []

const leaseOf = ({ meta }: Environment, group: string, place: Place): Lease =>
  (meta.get(leaseKey(group, place)) as Lease | undefined) ?? { token: 0, owner: null }

/** Compares what a member holds with what it ought to hold. Reads only. */
export function review(
  environment: Environment,
  group: string,
  self: Member,
  held: readonly Held[],
  leaseMs: number,
): Changes {
  const members = membersOf(environment, group)
  const isDead = (one: Member) =>
    one.id !== self.id && !isAlive(environment.folder, one.id, one.process, leaseMs)
  const dead = members.filter(isDead).map(({ id }) => id)
  const others = members.filter(({ id }) => id !== self.id && !dead.includes(id))
  const topics = new Map([...others, self].map((one) => [one.id, one.topics]))
  const places = [...new Set([...topics.values()].flat())]
    .sort()
    .flatMap((topic) => placesOf(environment, topic))
  const owners = new Map<string, string>()
  for (const place of places) {
    const { owner } = leaseOf(environment, group, place)
    if (owner !== null && topics.has(owner)) owners.set(placeName(place), owner)
  }
  const target = assign(topics, places, owners)
  const isMine = (place: Place) => target.get(placeName(place)) === self.id
  const lost = held.filter((place) => !holds(environment, group, self.id, place))
  const kept = new Set(held.filter((place) => !lost.includes(place)).map(placeName))
  return {
    dead,
    lost,
    surplus: held.filter((place) => kept.has(placeName(place)) && !isMine(place)),
    gained: places.filter((place) => {
      const owner = owners.get(placeName(place))
      return isMine(place) && !kept.has(placeName(place)) && (owner === undefined || owner === self.id)
    }),
    joined: members.some(({ id }) => id === self.id),
  }
}

const placesOf = (environment: Environment, topic: string): Place[] =>
  Array.from({ length: partitionsOf(environment, topic) }, (_, partition) => ({ topic, partition }))

const holds = (environment: Environment, group: string, owner: string, held: Held): boolean => {
  const lease = leaseOf(environment, group, held)
  return lease.owner === owner && lease.token === held.token
}

/** Inside a transaction: strikes the dead off the list, and puts `self` on it. */
export function enrol({ meta }: Environment, group: string, self: Member, dead: readonly string[]): void {
  const others = ((meta.get(groupKey(group)) as readonly Member[] | undefined) ?? []).filter(
    ({ id }) => id !== self.id && !dead.includes(id),
  )
  meta.putSync(groupKey(group), [...others, self])
}

/** Inside a transaction: leaves the group. */
export function resign(environment: Environment, group: string, self: Member): void {
  const others = membersOf(environment, group).filter(({ id }) => id !== self.id)
  environment.meta.putSync(groupKey(group), others)
}

/** Inside a transaction: takes a free place over, under a new token. */
export function take(
  environment: Environment,
  group: string,
  owner: string,
  { topic, partition }: Place,
): Held {
  const token = leaseOf(environment, group, { topic, partition }).token + 1
  environment.meta.putSync(leaseKey(group, { topic, partition }), { token, owner })
  return { topic, partition, token }
}

/** Inside a transaction: gives a place back, unless it was lost before. */
export function giveBack(environment: Environment, group: string, owner: string, held: Held): void {
  if (holds(environment, group, owner, held))
    environment.meta.putSync(leaseKey(group, held), { token: held.token, owner: null })
}

/**
 * Inside a transaction: refuses whoever no longer holds a place.
 * @throws FENCED
 */
export function checkHeld(
  environment: Environment,
  group: string,
  owner: string,
  held: readonly Held[],
): void {
  const lost = held.find((place) => !holds(environment, group, owner, place))
  if (lost)
    throw new ConnectorError(
      'FENCED',
      `another member of group "${group}" has taken over ${placeName(lost)}; nothing was written`,
    )
}

/** The group's position; where it has none, inside a transaction, it gets one. */
export function startOffset(
  environment: Environment,
  group: string,
  place: Place,
  from: Subscription['from'],
): Committed {
  const stored = committedOf(environment, group, place)
  if (stored) return stored
  const offset = headOf(environment, place.topic, place.partition)[from]
  moveTo(environment, group, { ...place, offset })
  return { topic: place.topic, partition: place.partition, offset, metadata: undefined }
}

function committedOf({ meta }: Environment, group: string, place: Place): Committed | undefined {
  const stored = meta.get(offsetKey(group, place)) as { offset: number; metadata?: string } | undefined
  const { topic, partition } = place
  return stored && { topic, partition, offset: stored.offset, metadata: stored.metadata }
}

/** Inside a transaction. Metadata belongs to one offset: a move without drops it. */
export function moveTo({ meta }: Environment, group: string, position: Position, metadata?: string): void {
  meta.putSync(offsetKey(group, position), { offset: position.offset, metadata })
}

/** The positions of all groups, by group. */
export function positionsOf(environment: Environment): Map<string, Committed[]> {
  const positions = new Map<string, Committed[]>()
  for (const key of environment.meta.getKeys({ start: ['offset'], end: ['offset', Buffer.from([255])] })) {
    const [, group, topic, partition] = key as [string, string, string, number]
    const position = committedOf(environment, group, { topic, partition }) as Committed
    positions.set(group, [...(positions.get(group) ?? []), position])
  }
  return positions
}

/** Inside a transaction: removes everything that is known of a group. */
export function forgetGroup({ meta }: Environment, group: string): void {
  meta.removeSync(groupKey(group))
  for (const kind of ['lease', 'offset']) {
    const range = { start: [kind, group], end: [kind, group, Buffer.from([255])] }
    for (const key of [...meta.getKeys(range)]) meta.removeSync(key)
  }
}

/** The members of a group whose leases have not run out. */
export const aliveIn = (environment: Environment, group: string, leaseMs: number): string[] =>
  membersOf(environment, group)
    .filter((member) => isAlive(environment.folder, member.id, member.process, leaseMs))
    .map(({ id }) => id)

/** Every group that has a position; whoever joins gets one. */
export const describeGroups = (environment: Environment, leaseMs: number): GroupDescription[] =>
  [...positionsOf(environment)].map(([group, committed]) => ({
    group,
    members: aliveIn(environment, group, leaseMs),
    committed,
  }))
