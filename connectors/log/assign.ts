export interface Place {
  readonly topic: string
  readonly partition: number
}

export const placeName = ({ topic, partition }: Place): string => `${topic}/${partition}`

/**
 * Shares partitions out: evenly, and moving as few as may be. Every member that computes it from the same
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
  const load = new Map([...members.keys()].sort().map((member) => [member, 0]))
  const target = new Map<string, string>()
  const readers = (topic: string) => [...load.keys()].filter((member) => members.get(member)?.includes(topic))
  const leastLoaded = (topic: string) =>
    readers(topic).sort((a, b) => (load.get(a) as number) - (load.get(b) as number))[0]
  const give = (place: Place, member: string) => {
    const former = target.get(placeName(place))
    if (former !== undefined) load.set(former, (load.get(former) as number) - 1)
    target.set(placeName(place), member)
    load.set(member, (load.get(member) as number) + 1)
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
      if ((load.get(owner) as number) - (load.get(poorer) as number) < 2) continue
      give(place, poorer)
      moved = true
    }
  }
  return target
}
