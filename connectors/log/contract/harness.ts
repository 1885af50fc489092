import { randomUUID } from 'node:crypto'
import type { Claim, Committed, Consumer, Log, Position, Subscription } from '../log.ts'
import { keyAt, offsetAt, type Records, RecordsBuilder, valueAt } from '../records.ts'

/** What a driver lends the contract suite. */
export interface LogUnderTest {
  /** Opens a client of the one log under test. Each call gives another, as another process would have. */
  open(): Promise<Log>
  /** What the largest record takes, key and value. */
  readonly maxRecordBytes: number
  /** Applies retention as of `now`, where the driver leaves that to its user. */
  retain(log: Log, now: number): Promise<void>
  /** Closes every client, and removes the log. */
  close(): Promise<void>
}

export interface Row {
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly value: string
  readonly timestamp: number
}

export const uniqueName = (kind: string): string => `${kind}-${randomUUID().slice(0, 8)}`

export const forever = { retentionMs: Number.POSITIVE_INFINITY, retentionBytes: Number.POSITIVE_INFINITY }

export async function newTopic(log: Log, partitions = 1): Promise<string> {
  const name = uniqueName('topic')
  await log.createTopics([{ name, partitions, ...forever }])
  return name
}

/** A batch whose keys are "k" and whose values are the texts. Timestamps rise by one from `timestamp`. */
export function batchOf(
  topic: string,
  partition: number,
  values: readonly string[],
  timestamp = 1000,
): Records {
  const builder = new RecordsBuilder(topic, partition)
  for (const [i, value] of values.entries()) builder.add('k', Buffer.from(value), timestamp + i)
  return builder.take()
}

export const numbered = (count: number, prefix = ''): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`)

export const rowsOf = (records: Records): Row[] =>
  Array.from({ length: records.count }, (_, i) => ({
    partition: records.partition,
    offset: offsetAt(records, i),
    key: keyAt(records, i),
    value: valueAt(records, i).toString(),
    timestamp: records.timestamps[i] as number,
  }))

export const valuesOf = (records: Records | undefined): string[] =>
  records ? rowsOf(records).map(({ value }) => value) : []

/** Appends, and waits until readers see it: on Kafka that is a moment later. */
export async function send(log: Log, batches: readonly Records[]): Promise<void> {
  const wanted = batches.map(({ topic, partition, count }) => ({ topic, partition, count }))
  const ends = async () => {
    const topics = await log.topics()
    return wanted.map(({ topic, partition }) => {
      const { latest } = topics.find(({ name }) => name === topic)?.offsets[partition] ?? { latest: 0 }
      return latest
    })
  }
  const before = await ends()
  const producer = await log.producer(uniqueName('producer'))
  await producer.append(batches)
  await producer.close()
  await until(async () =>
    (await ends()).every((end, i) => end >= (before[i] as number) + (wanted[i]?.count ?? 0)),
  )
}

/** Reads a partition from an offset to its end. */
export async function readAll(log: Log, topic: string, partition = 0, from = 0): Promise<Row[]> {
  const rows: Row[] = []
  for (let offset = from; ; ) {
    const records = await log.read(topic, partition, offset, 65_536)
    if (!records) return rows
    rows.push(...rowsOf(records))
    offset = (rows.at(-1)?.offset as number) + 1
  }
}

export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 25_000): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** A consumer that notes all that happens to it, and commits each claim unless told otherwise. */
export interface Observed {
  readonly consumer: Consumer
  readonly rows: Row[]
  readonly claims: Records[][]
  readonly assigned: Committed[]
  readonly revoked: { topic: string; partition: number }[]
}

export async function observe(
  log: Log,
  subscription: Pick<Subscription, 'group' | 'topics'> & Partial<Subscription>,
  work: (claim: Claim) => Promise<void> = (claim) => claim.commit([]),
): Promise<Observed> {
  const seen = {
    rows: [] as Row[],
    claims: [] as Records[][],
    assigned: [] as Committed[],
    revoked: [] as Position[],
  }
  const consumer = await log.consume({
    from: 'earliest',
    maxRecords: 1000,
    maxBytes: 1_000_000,
    minRecords: 0,
    lingerMs: 0,
    async onAssigned(partitions) {
      seen.assigned.push(...partitions)
    },
    onRevoked(partitions) {
      seen.revoked.push(...partitions.map((place) => ({ ...place, offset: -1 })))
    },
    async onClaim(claim) {
      seen.claims.push([...claim.batches])
      await work(claim)
      seen.rows.push(...claim.batches.flatMap(rowsOf))
    },
    ...subscription,
  })
  return { consumer, ...seen }
}
