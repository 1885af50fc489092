export interface Place {
  readonly topic: string
  readonly partition: number
}

export const placeName = ({ topic, partition }: Place): string => `${topic}/${partition}`

/**
 * Shares partitions out: each topic's evenly, so that no member gets all of the busy topics, then all together,
 * and moving as few as may be. Every member that computes it from the same
 * state gets the same answer, so no coordinator is needed.
 * @param members the topics of each member
 * @param owners the present owner of each place, by its name
 * @returns the owner of each place, by its name; places whose topic nobody reads are missing
 */
export function assign(
  members: ReadonlyMap<string, readonly string[]>,
  places: readonly Place[],
  owners: ReadonlyMap<string, string>,
): Map<string, string> {
  const names = [...members.keys()].sort()
  /** Places of each member, in all under '', and by topic. */
  const loads = new Map(names.map((member) => [member, new Map<string, number>()]))
  const target = new Map<string, string>()
  const readers = (topic: string) => names.filter((member) => members.get(member)?.includes(topic))
  const load = (member: string, topic = '') => loads.get(member)?.get(topic) ?? 0
  const hasMore = (topic: string, one: string, other: string) => {
    const ofTopic = load(one, topic) - load(other, topic)
    return ofTopic > 1 || (ofTopic === 1 && load(one) - load(other) > 1)
  }
  const leastLoaded = (topic: string) =>
    readers(topic).sort((a, b) => load(a, topic) - load(b, topic) || load(a) - load(b))[0]
  const add = (member: string, topic: string, count: number) => {
    for (const of of ['', topic]) loads.get(member)?.set(of, load(member, of) + count)
  }
  const give = (place: Place, member: string) => {
    const former = target.get(placeName(place))
    if (former !== undefined) add(former, place.topic, -1)
    target.set(placeName(place), member)
    add(member, place.topic, 1)
  }
  const free: Place[] = []
  for (const place of places) {
    const owner = owners.get(placeName(place))
    if (owner !== undefined && readers(place.topic).includes(owner)) give(place, owner)
    else free.push(place)
  }
  for (const place of free) {
    const member = leastLoaded(place.topic)
    if (member !== undefined) give(place, member)
  }
  for (let moved = true; moved; ) {
    moved = false
    for (const place of places) {
      const owner = target.get(placeName(place))
      const poorer = leastLoaded(place.topic)
      if (owner === undefined || poorer === undefined) continue
      if (!hasMore(place.topic, owner, poorer)) continue
      give(place, poorer)
      moved = true
    }
  }
  return target
}
