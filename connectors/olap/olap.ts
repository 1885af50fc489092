/**
 * The OLAP side: ClickHouse, as a server or in the process. Both drivers speak through `@clickhouse/client`;
 * `contract.ts` is the suite that both pass.
 *
 * Whatever fails because the engine is away, busy or ill is UNAVAILABLE or OLAP_BUSY, and worth another try.
 */
export interface Olap {
  /** Runs statements in order; each is idempotent (CREATE … IF NOT EXISTS, ALTER … ADD COLUMN IF NOT EXISTS). */
  migrate(statements: readonly string[]): Promise<void>
  /**
   * Inserts a block once, however often it is called with the same token: the table and its materialised
   * views drop what they have already seen under that token. For this they need the setting
   * `non_replicated_deduplication_window`, large enough for the parts of all blocks that may be repeated.
   * A block is written whole or not at all.
   * @throws QUERY_REFUSED where the block's data is at fault: it will never go in as it is
   */
  insert(block: Block): Promise<void>
  /**
   * In the database of the driver's options: runs one read-only statement (SELECT, WITH, SHOW, DESCRIBE, EXPLAIN, EXISTS) within limits, and within
   * 1 GiB of memory. Nothing that it can say writes, reaches files or the network, or lifts a limit.
   * @throws QUERY_REFUSED for anything but reading, or a faulty statement; QUERY_LIMIT past a limit
   */
  query(sql: string, limits: QueryLimits): Promise<QueryResult>
  close(): Promise<void>
}

export interface Block {
  /** With its database: `murmur.processed`. */
  readonly table: string
  readonly columns: readonly Column[]
  /** An Avro object container file: what ClickHouse reads as format `Avro`. */
  readonly avro: Buffer
  readonly token: string
}

/** A column of a table, and the ClickHouse expression over the Avro fields that fills it. */
export interface Column {
  readonly name: string
  readonly expression: string
}

export interface QueryLimits {
  /** Rows of the result. */
  readonly maxRows: number
  readonly maxSeconds: number
  /** Bytes of the result as JSON. */
  readonly maxBytes: number
}

export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** Values as JSON holds them: a 64-bit integer above 2^53 loses its last digits (`toString` keeps them). */
  readonly rows: readonly Record<string, unknown>[]
}
