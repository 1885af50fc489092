import type { Log } from '../../connectors/log/log.ts'
import { nextOffset, type Records } from '../../connectors/log/records.ts'
import type { Column, Olap } from '../../connectors/olap/olap.ts'
import type { AvroSchema } from '../../schemas/codec.ts'
import { containerFile } from '../../schemas/container.ts'
import type { Rejection } from '../message.ts'
import type { FloodGuard } from '../runtime/flood.ts'
import { insertRows } from './insert.ts'
import type { Range } from './promises.ts'
import { type Group, refuse, type SchemaOf, sortRows } from './rows.ts'

/** The table of a topic. */
export interface Target {
  /** With its database. */
  readonly table: string
  readonly columns: readonly FieldColumn[]
}

/** A column and the Avro field that it is made of; rows of a schema that lacks the field get its default. */
interface FieldColumn extends Column {
  readonly field: string
}

/** A block that is in its table. */
export interface BlockStats {
  readonly topic: string
  readonly partition: number
  readonly rows: number
  /** Of the container files. */
  readonly bytes: number
  readonly ms: number
  /** Milliseconds since the last of its events happened. */
  readonly ageMs: number
}

export interface WriterParts {
  readonly log: Log
  readonly olap: Olap
  readonly tables: Readonly<Record<string, Target>>
  readonly schemaOf: SchemaOf
  readonly flood: FloodGuard
  readonly now: () => number
  readonly onBlock: (stats: BlockStats) => void
  /** Repeats what the world prevents, until it works or the claim is given up. */
  readonly persist: <T>(work: () => Promise<T>) => Promise<T>
}

const readBytes = 16 << 20

/**
 * Puts one block of a partition into its table, once, whoever calls it again with the same range.
 * @param batch the claim's records of the partition; what the block has beyond them is read from the log
 * @returns what could not go in
 */
export async function writeBlock(parts: WriterParts, batch: Records, range: Range): Promise<Rejection[]> {
  const { topic, partition } = batch
  const started = performance.now()
  const batches = [batch, ...(await readBeyond(parts, batch, range.last))]
  const { groups, refused } = await parts.persist(() => sortRows(batches, range, parts.schemaOf))
  let bytes = 0
  for (const group of groups) bytes += await writeGroup(parts, batch, range, group, refused)
  const newest = batches.at(-1)?.timestamps.at(-1) as number
  const rows = groups.reduce((sum, group) => sum + group.rows.length, 0)
  const ms = performance.now() - started
  parts.onBlock({ topic, partition, rows, bytes, ms, ageMs: Math.max(0, parts.now() - newest) })
  return refused
}

async function writeGroup(
  { olap, tables, flood, persist }: WriterParts,
  { topic, partition }: Records,
  whole: Range,
  { schemaId, schema, rows }: Group,
  refused: Rejection[],
): Promise<number> {
  const { table, columns: all } = tables[topic] as Target
  const columns = all.filter(({ field }) => hasField(schema, field))
  let bytes = 0
  await insertRows(
    rows,
    whole,
    async (part, { first, last }) => {
      const avro = containerFile(schema, part)
      const token = `${topic}/${partition}/${first}-${last}/${schemaId}`
      await persist(() => olap.insert({ table, columns, avro, token }))
      bytes += avro.length
    },
    (row, reason) => {
      refused.push(refuse(row, reason, 'ROW_REFUSED'))
      flood.check(performance.now(), rows.length, refused.length, reason)
    },
  )
  return bytes
}

const hasField = (schema: AvroSchema, field: string): boolean =>
  (schema as { readonly fields?: readonly { readonly name: string }[] }).fields?.some(
    ({ name }) => name === field,
  ) ?? false

async function readBeyond({ log, persist }: WriterParts, batch: Records, last: number): Promise<Records[]> {
  const found: Records[] = []
  let offset = nextOffset(batch)
  while (offset <= last) {
    const more = await persist(() => log.read(batch.topic, batch.partition, offset, readBytes))
    if (!more) break
    found.push(more)
    offset = nextOffset(more)
  }
  return found
}
