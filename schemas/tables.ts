import { literal, quoted } from './sql.ts'

/** A table as the schemas have it, wherever it lies. */
export interface Table {
  readonly name: string
  readonly engine: 'MergeTree' | 'AggregatingMergeTree'
  /** Name, type and comment of each. */
  readonly columns: readonly string[]
  readonly partition: string
  readonly order: string
  /** What rows are spread over shards by: those that are asked for together lie together. */
  readonly shard: string
}

/** What ClickHouse itself makes of the rows of one table, as they come in, for another. */
export interface View {
  readonly name: string
  readonly into: string
  readonly select: string
  readonly from: string
  /** WHERE and GROUP BY. */
  readonly rest: string
}

/** Where tables are made. */
export interface Place {
  readonly database: string
  /** A cluster that the server knows: replicated tables on every node, behind distributed ones. Empty: none. */
  readonly cluster?: string
}

/** How many inserted blocks a table remembers by their tokens; a block that comes again is dropped. */
const window = 10_000

/** Replicated tables forget by age as well, after an hour unless told: sooner than an engineer wakes up. */
const windowSeconds = 7 * 86_400

/** For small blocks that come often: merges of many parts at once rewrite a row less often (a third less CPU). */
const merging = 'merge_selector_base = 15, min_bytes_for_wide_part = 268435456'

/**
 * The statements that make the tables, and add what an older installation lacks. Each may run again.
 *
 * On a cluster `processed` is a Distributed table over `processed_local`, which is replicated: whoever asks or
 * inserts uses the same names as on one server. Views read and write what is local to their node.
 */
export function tableStatements(
  { tables, views }: { readonly tables: readonly Table[]; readonly views: readonly View[] },
  { database, cluster = '' }: Place,
): readonly string[] {
  const on = cluster === '' ? '' : ` ON CLUSTER ${quoted(cluster)}`
  const at = (name: string) => `${quoted(database)}.${quoted(name)}`
  const held = (name: string) => at(cluster === '' ? name : local(name))

  const make = ({ name, engine, columns, partition, order, shard }: Table): string[] => {
    const list = columns.join(', ')
    const additions = columns.map((column) => `ADD COLUMN IF NOT EXISTS ${column}`).join(', ')
    const [kind, remembering] =
      cluster === ''
        ? [engine, `non_replicated_deduplication_window = ${window}`]
        : [
            `Replicated${engine}('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')`,
            `replicated_deduplication_window = ${window}, replicated_deduplication_window_seconds = ${windowSeconds}`,
          ]
    const own = [
      `CREATE TABLE IF NOT EXISTS ${held(name)}${on} (${list}) ENGINE = ${kind} PARTITION BY ${partition} ORDER BY (${order}) SETTINGS ${remembering}, ${merging}`,
      // One statement for all, as each ALTER costs a rewrite of the table's metadata
      `ALTER TABLE ${held(name)}${on} ${additions}`,
    ]
    if (cluster === '') return own
    const spread = `Distributed(${[cluster, database, local(name)].map(literal).join(', ')}, cityHash64(${quoted(shard)}))`
    return [
      ...own,
      `CREATE TABLE IF NOT EXISTS ${at(name)}${on} (${list}) ENGINE = ${spread}`,
      `ALTER TABLE ${at(name)}${on} ${additions}`,
    ]
  }
  return [
    `CREATE DATABASE IF NOT EXISTS ${quoted(database)}${on}`,
    ...tables.flatMap(make),
    ...views.map(
      ({ name, into, select, from, rest }) =>
        `CREATE MATERIALIZED VIEW IF NOT EXISTS ${at(name)}${on} TO ${held(into)} AS SELECT ${select} FROM ${held(from)} ${rest}`,
    ),
  ]
}

/** The table of one node that a distributed one stands for. */
const local = (name: string): string => `${name}_local`
