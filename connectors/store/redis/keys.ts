import type { Scope } from '../store.ts'

/** Where a scope's data is in Redis. The braces hold what Redis Cluster hashes: all keys of a scope are together. */
export interface ScopeKeys {
  /** Token and number of the last save. */
  readonly fence: string
  /** Begins the key of each state. */
  readonly prefix: Buffer
}

export function scopeKeys(keyPrefix: string, { group, topic, partition }: Scope): ScopeKeys {
  const fence = `${unbraced(keyPrefix)}:{${name(group)}|${name(topic)}|${partition}}`
  return { fence, prefix: Buffer.from(`${fence}:`) }
}

/** The number of partitions that the topic had when the group first claimed it. */
export const partitionsKey = (keyPrefix: string, { group, topic }: Scope): string =>
  `${unbraced(keyPrefix)}:{${name(group)}|${name(topic)}}:partitions`

/** A group or a topic, without what has a meaning in our keys. */
const name = encodeURIComponent

const unbraced = (prefix: string): string => prefix.replaceAll(/[{}]/g, encodeURIComponent)
