import type { Records } from './records.ts'

/**
 * The log: topics of partitions of records, consumer groups and transactions. One interface for the embedded
 * log and for Kafka; `contract.ts` is the suite that every driver passes.
 *
 * Records go in and come out in batches (`Records`). Their offsets rise within a partition, with possible
 * gaps. Every failure is a `ConnectorError`.
 */
export interface Log {
  /** Creates what is missing. A topic that exists keeps its partitions; its retention is set anew. */
  createTopics(topics: readonly TopicSettings[]): Promise<void>
  topics(): Promise<readonly TopicDescription[]>
  /** Opens the producer of this id; an earlier one of the same id is fenced from now on. */
  producer(id: string): Promise<Producer>
  /**
   * Reads outside any group, from `offset` on, only what is committed; nothing there yet: undefined.
   * @throws OFFSET_OUT_OF_RANGE where retention has removed it
   */
  read(topic: string, partition: number, offset: number, maxBytes: number): Promise<Records | undefined>
  /** The first offset whose record happened at or after `timestamp`; the end of the partition where none did. */
  offsetAt(topic: string, partition: number, timestamp: number): Promise<number>
  /**
   * Follows a topic outside any group, only what is committed: hands out every batch from the positions on, one a
   * partition, in order within each; what retention has removed is passed over. Resolves when the signal aborts.
   * `onRecords` may be called again from `from` on by whoever calls `tail` again after a failure.
   * @throws UNKNOWN_TOPIC; UNAVAILABLE; what `onRecords` throws
   */
  tail(topic: string, from: readonly number[], onRecords: OnRecords, signal: AbortSignal): Promise<void>
  /** Joins a consumer group. */
  consume(subscription: Subscription): Promise<Consumer>
  groups(): Promise<readonly GroupDescription[]>
  /**
   * Moves or creates a group's position.
   * @throws GROUP_ACTIVE while the group has members
   */
  seek(group: string, positions: readonly Position[]): Promise<void>
  /**
   * Removes a group and its position: it is as if it had never been.
   * @throws GROUP_ACTIVE while the group has members
   */
  forget(group: string): Promise<void>
  /** Transactions that are under way, and so hold back readers; the embedded log has none that outlive a call. */
  transactions(): Promise<readonly OpenTransaction[]>
  /** Fences the owner of a transactional id, and aborts what it has open. */
  abort(id: string): Promise<void>
  close(): Promise<void>
}

export type OnRecords = (records: Records) => void | Promise<void>

export interface OpenTransaction {
  /** The transactional id. */
  readonly id: string
  /** As the log calls it. */
  readonly state: string
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** After so long the log ends it itself. */
  readonly timeoutMs: number
  /** What it has written to; a group's positions are a partition of their own topic. */
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[]
}

export interface TopicSettings {
  readonly name: string
  readonly partitions: number
  /** Records that came in, and happened, longer ago than this are removed. */
  readonly retentionMs: number
  /** Bytes a partition may hold before its oldest records are removed. */
  readonly retentionBytes: number
}

export interface TopicDescription extends TopicSettings {
  /** Bytes of the largest batch that the topic takes; undefined where the log has one limit for all. */
  readonly maxMessageBytes?: number | undefined
  /** One a partition. `earliest` is the first offset still there, `latest` the one that comes next. */
  readonly offsets: readonly { readonly earliest: number; readonly latest: number; readonly bytes: number }[]
}

export interface Position {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export interface Committed extends Position {
  /** What `Claim.record` left beside the offset. */
  readonly metadata: string | undefined
}

export interface GroupDescription {
  readonly group: string
  readonly members: readonly string[]
  readonly committed: readonly Committed[]
}

/** Appends in transactions, outside any group: sources and the gateway. */
export interface Producer {
  /**
   * What the last committed append gave as its position; undefined at the first start.
   * @throws POSITION_LOST where the log knows the producer, and its position no more
   */
  readonly position: string | undefined
  /**
   * Appends all batches, and notes the position, in one durable transaction. Calls that overlap may share one.
   * @throws FENCED, LOG_FULL, RECORD_TOO_LARGE, UNKNOWN_TOPIC
   */
  append(batches: readonly Records[], position?: string): Promise<void>
  close(): Promise<void>
}

export interface Subscription {
  readonly group: string
  readonly topics: readonly string[]
  /** A partition without a committed offset starts here. */
  readonly from: 'earliest' | 'latest'
  /** A claim holds at most so many records (it may hold one batch more than the bytes allow). */
  readonly maxRecords: number
  readonly maxBytes: number
  /** Waits up to `lingerMs` from the first record on for `minRecords`; 0: hands out what there is. */
  readonly minRecords: number
  readonly lingerMs: number
  /** Called before the first claim of a partition; claims wait for it. */
  onAssigned(partitions: readonly Committed[]): Promise<void>
  /** The partitions were lost or given back; whatever is uncommitted of them will come again elsewhere. */
  onRevoked(partitions: readonly { topic: string; partition: number }[]): void
  /** Told why nothing comes just now, such as a broker that is away; undefined: it goes on. */
  onFault?(reason: string | undefined): void
  /**
   * Works on a claim. It returns when the claim is committed or given up; it is never called again for a
   * partition whose claim is still in hand, but a driver may call it for several partitions at once.
   * A rejection ends the consumer, and comes out of `Consumer.done`; but where it is FENCED, by the log or by the
   * store, the partitions are taken over anew: revoked, and assigned again if they are still this member's.
   */
  onClaim(claim: Claim): Promise<void>
}

/** What one transaction covers: the embedded log claims several partitions at once, Kafka one. */
export interface Claim {
  /** At least one; at most one a partition; none is empty. */
  readonly batches: readonly Records[]
  /** Aborts when a partition of the claim is lost: a commit would fail with FENCED. */
  readonly signal: AbortSignal
  /**
   * Writes the outputs and moves the group past the claim, all or nothing. `enlisted` is what `Store.save`
   * handed back: writes that belong inside this very transaction. `metadata`, one text a batch, is left beside
   * the new offsets; without it what `record` noted is gone.
   * @throws FENCED, LOG_FULL, RECORD_TOO_LARGE
   */
  commit(outputs: readonly Records[], enlisted?: () => void, metadata?: readonly string[]): Promise<void>
  /** Notes a text beside each batch's committed offset, durably, without moving it. One text a batch. */
  record(metadata: readonly string[]): Promise<void>
}

export interface Consumer {
  /** Resolves after `stop`; rejects where `onClaim` did, or where the driver gave up. */
  readonly done: Promise<void>
  readonly assigned: readonly { readonly topic: string; readonly partition: number }[]
  /** Lets the claim in hand finish, gives the partitions back and leaves the group. */
  stop(): Promise<void>
}
