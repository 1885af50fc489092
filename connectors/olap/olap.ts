/**
 * The OLAP side: ClickHouse, as a server or in the process. Both drivers speak through `@clickhouse/client`;
 * `contract.ts` is the suite that both pass.
 */
export interface Olap {
  /** Runs statements in order; each is idempotent (CREATE … IF NOT EXISTS, ALTER … ADD COLUMN IF NOT EXISTS). */
  migrate(statements: readonly string[]): Promise<void>
  /**
   * Inserts a block once, however often it is called with the same token: the table and its materialised
   * views drop what they have already seen under that token.
   */
  insert(block: Block): Promise<void>
  /**
   * Runs one read-only statement within limits.
   * @throws QUERY_REFUSED for anything but reading, or a faulty statement; QUERY_LIMIT past a limit
   */
  query(sql: string, limits: QueryLimits): Promise<QueryResult>
  close(): Promise<void>
}

export interface Block {
  readonly table: string
  /** Column names, with the expression over the Avro fields where it isn't the field itself. */
  readonly columns: readonly { readonly name: string; readonly expression: string }[]
  /** An Avro object container file: what ClickHouse reads as format `Avro`. */
  readonly avro: Buffer
  readonly token: string
}

export interface QueryLimits {
  readonly maxRows: number
  readonly maxSeconds: number
  readonly maxBytes: number
}

export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly Record<string, unknown>[]
}
