import type { Environment } from '../../embedded/environment.ts'
import { ConnectorError } from '../../errors.ts'
import type { TopicDescription, TopicSettings } from '../log.ts'
import { type Records, sliceRecords } from '../records.ts'
import { concat, decodeBatch, encodeBatch, type Header, readHeader, split } from './batch.ts'

/** Where a partition begins and ends, and the bytes that it holds. */
export interface Head {
  readonly earliest: number
  readonly latest: number
  readonly bytes: number
}

const headKey = (topic: string, partition: number) => ['head', topic, partition]
const batchKey = (topic: string, partition: number, base: number) => [topic, partition, base]
const bytesKey = ['bytes']

/** @throws UNKNOWN_TOPIC */
export function headOf({ meta }: Environment, topic: string, partition: number): Head {
  const head = meta.get(headKey(topic, partition)) as Head | undefined
  if (!head)
    throw new ConnectorError(
      'UNKNOWN_TOPIC',
      `the log has no partition ${partition} of topic "${topic}": create the topic first`,
    )
  return head
}

/** Bytes of all records, of all topics. */
const bytesOf = ({ meta }: Environment): number => (meta.get(bytesKey) as number | undefined) ?? 0

/** Inside a transaction. Lawful names are those of Kafka, so that a topic can move there. */
export function createTopic({ meta }: Environment, settings: TopicSettings): void {
  if (!/^(?!\.\.?$)[\w.-]{1,249}$/.test(settings.name))
    throw new RangeError(`topic name "${settings.name}": use up to 249 letters, digits, ".", "_" and "-"`)
  if (!(Number.isInteger(settings.partitions) && settings.partitions > 0))
    throw new RangeError(
      `topic "${settings.name}" can't have ${settings.partitions} partitions: give it 1 or more`,
    )
  const { name } = settings
  const existing = meta.get(['topic', name]) as TopicSettings | undefined
  const partitions = existing?.partitions ?? settings.partitions
  meta.putSync(['topic', name], {
    name,
    partitions,
    retentionMs: storable(settings.retentionMs),
    retentionBytes: storable(settings.retentionBytes),
  })
  if (existing) return
  for (let partition = 0; partition < partitions; partition++)
    meta.putSync(headKey(name, partition), { earliest: 0, latest: 0, bytes: 0 })
}

/** JSON has no infinity. */
const storable = (limit: number): number => Math.min(limit, Number.MAX_SAFE_INTEGER)

export function describeTopics(environment: Environment): TopicDescription[] {
  const described: TopicDescription[] = []
  for (const { value } of environment.meta.getRange({
    start: ['topic'],
    end: ['topic', Buffer.from([255])],
  })) {
    const settings = value as TopicSettings
    const offsets = Array.from({ length: settings.partitions }, (_, partition) =>
      headOf(environment, settings.name, partition),
    )
    described.push({ ...settings, offsets })
  }
  return described
}

/** @throws UNKNOWN_TOPIC */
export function partitionsOf({ meta }: Environment, topic: string): number {
  const settings = meta.get(['topic', topic]) as TopicSettings | undefined
  if (!settings) throw new ConnectorError('UNKNOWN_TOPIC', `the log has no topic "${topic}": create it first`)
  return settings.partitions
}

/**
 * Appends inside a transaction.
 * @throws UNKNOWN_TOPIC, LOG_FULL
 */
export function append(environment: Environment, batches: readonly Records[]): void {
  const { meta, maxBytes } = environment
  const now = Date.now()
  let total = bytesOf(environment)
  for (const records of batches) {
    if (records.count === 0) continue
    const { topic, partition } = records
    const head = headOf(environment, topic, partition)
    let { latest, bytes } = head
    for (const piece of split(records)) {
      const value = encodeBatch(piece, now)
      environment.batches.putSync(batchKey(topic, partition, latest), value)
      latest += piece.count
      bytes += value.length
    }
    meta.putSync(headKey(topic, partition), { earliest: head.earliest, latest, bytes })
    total += bytes - head.bytes
  }
  if (total > maxBytes)
    throw new ConnectorError(
      'LOG_FULL',
      `the log's budget of ${maxBytes} bytes is used up: raise it, shorten retention, or let the slowest group catch up`,
    )
  meta.putSync(bytesKey, total)
}

/**
 * Reads from `offset` on; batches that are stored apart come as one. At least one stored batch, then as many
 * as fit; cut at `maxRecords`. The caller keeps `offset` at or above the head's earliest.
 */
export function readFrom(
  environment: Environment,
  topic: string,
  partition: number,
  offset: number,
  maxRecords: number,
  maxBytes: number,
): Records | undefined {
  const { latest } = headOf(environment, topic, partition)
  const pieces: Records[] = []
  let count = 0
  let bytes = 0
  for (let next = offset; next < latest && count < maxRecords && bytes < maxBytes; ) {
    const batch = batchAt(environment, topic, partition, next)
    const from = next - batch.baseOffset
    const piece = sliceRecords(batch, from, Math.min(batch.count, from + maxRecords - count))
    pieces.push(piece)
    count += piece.count
    bytes += piece.data.length
    next += piece.count
  }
  return pieces.length === 0 ? undefined : concat(pieces)
}

/** The stored batch that holds `offset`. Most reads begin where a batch begins, so that is tried first. */
function batchAt(environment: Environment, topic: string, partition: number, offset: number): Records {
  const { batches } = environment
  let base = offset
  let value = batches.getBinary(batchKey(topic, partition, base))
  if (!value) {
    base = baseBelow(environment, topic, partition, offset)
    value = batches.getBinary(batchKey(topic, partition, base)) ?? Buffer.alloc(0)
  }
  return decodeBatch(value, topic, partition, base)
}

function baseBelow({ batches }: Environment, topic: string, partition: number, offset: number): number {
  const range = {
    start: batchKey(topic, partition, offset),
    end: [topic, partition],
    reverse: true,
    limit: 1,
  }
  for (const key of batches.getKeys(range)) return (key as [string, number, number])[2]
  return offset
}

/** The headers of a partition's stored batches, oldest first, without reading the batches. */
export function* headers(
  { batches }: Environment,
  topic: string,
  partition: number,
  head: Head,
): Generator<Header & { readonly base: number; readonly bytes: number }> {
  for (let base = head.earliest; base < head.latest; ) {
    const value = batches.getBinaryFast(batchKey(topic, partition, base)) ?? Buffer.alloc(0)
    const bytes = value.length
    const header = readHeader(
      Buffer.from(value.buffer, value.byteOffset, bytes),
      `${topic}/${partition}@${base}`,
    )
    yield { ...header, base, bytes }
    base += header.count
  }
}

/** The first offset whose record happened at or after `timestamp`; the end where none did. */
export function offsetAtTime(environment: Environment, topic: string, partition: number, timestamp: number) {
  const head = headOf(environment, topic, partition)
  for (const { base, maxTimestamp } of headers(environment, topic, partition, head)) {
    if (maxTimestamp < timestamp) continue
    const { timestamps } = batchAt(environment, topic, partition, base)
    return base + timestamps.findIndex((happened) => happened >= timestamp)
  }
  return head.latest
}

/** Removes stored batches from the front, inside a transaction. */
export function removeFront(
  environment: Environment,
  topic: string,
  partition: number,
  bases: readonly number[],
  earliest: number,
  bytes: number,
): void {
  const head = headOf(environment, topic, partition)
  for (const base of bases) environment.batches.removeSync(batchKey(topic, partition, base))
  environment.meta.putSync(headKey(topic, partition), { ...head, earliest, bytes: head.bytes - bytes })
  environment.meta.putSync(bytesKey, bytesOf(environment) - bytes)
}
