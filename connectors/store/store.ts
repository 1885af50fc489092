/**
 * Keyed state in two versions, each with the input offset that it covers, so that state and log agree after
 * any crash without a transaction over both: a version counts only if its offset is below the committed one.
 * `contract.ts` is the suite that every driver passes.
 */
export interface Store {
  /**
   * Takes a partition's state over: every save with an earlier fence fails from now on.
   * @param partitions how many the topic has now. The group's first claim of the topic records it: with another
   * number, keys would lie in other partitions than their state
   * @throws PARTITIONS_CHANGED where it differs from the recorded one
   */
  claim(scope: Scope, partitions: number): Promise<Fence>
  /**
   * Reads many keys in one round trip: for each the newest version whose offset is below `committed`
   * (the group's committed offset), or one without a value. Where a newer one stands beside it, which a batch left
   * that never committed, it says so: that one would count as soon as the group has passed its offset.
   */
  load(fence: Fence, committed: number, keys: readonly string[]): Promise<Version[]>
  /**
   * Writes new versions beside the ones they follow. Done when it returns, unless it returns a function:
   * then the store lives in the log's own database, and the function makes the writes inside the log's
   * transaction (`Claim.commit`).
   * @throws FENCED
   */
  save(fence: Fence, entries: readonly Entry[]): Promise<(() => void) | undefined>
  close(): Promise<void>
}

/** Whose state: one input partition of one consumer group. */
export interface Scope {
  readonly group: string
  readonly topic: string
  readonly partition: number
}

export interface Fence extends Scope {
  readonly token: number
}

export interface Version {
  /** The last input offset that the value covers; -1 where there is none. */
  readonly offset: number
  readonly value: Uint8Array | undefined
  /** Whether a newer version stands beside it that does not count. */
  readonly shadowed?: boolean
}

export interface Entry {
  readonly key: string
  /** The new version. A value of undefined deletes the state. */
  readonly next: Version
  /** The version that was loaded: what counts again if the log's commit never happens. */
  readonly previous: Version
  /** Milliseconds from now after which both may be forgotten; undefined: never. */
  readonly expireAfterMs: number | undefined
}
