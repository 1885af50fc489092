import type { Log } from '../../connectors/log/log.ts'

/** How far each group is behind: records that its topics hold and it has not committed, by group and topic. */
export async function lagByGroup(log: Log): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  // Positions first: what one group commits between the two readings then counts for the groups behind it
  const groups = await log.groups()
  const latest = new Map<string, number>()
  for (const { name, offsets } of await log.topics()) {
    for (const [partition, offset] of offsets.entries()) latest.set(`${name}/${partition}`, offset.latest)
  }
  const lags = new Map<string, Map<string, number>>()
  for (const { group, committed } of groups) {
    const lag = new Map<string, number>()
    for (const { topic, partition, offset } of committed) {
      const behind = Math.max(0, (latest.get(`${topic}/${partition}`) ?? offset) - offset)
      lag.set(topic, (lag.get(topic) ?? 0) + behind)
    }
    lags.set(group, lag)
  }
  return lags
}

export const sumOf = (lag: ReadonlyMap<string, number> | undefined): number =>
  [...(lag?.values() ?? [])].reduce((sum, behind) => sum + behind, 0)
