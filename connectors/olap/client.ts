import type { ClickHouseClient } from '@clickhouse/client'
import { literal, quoted } from '../../schemas/sql.ts'
import { ConnectorError } from '../errors.ts'
import { insertFailure, queryFailure } from './failures.ts'
import { refusal } from './guard.ts'
import type { Block, Olap, QueryLimits, QueryResult } from './olap.ts'

/** What the two drivers do differently: whose client it is, and how the bytes of a block get in. */
export interface Driver {
  /** Lends a client, in no particular database. Settings of one loan must not reach another. */
  lend<T>(work: (client: ClickHouseClient) => Promise<T>): Promise<T>
  /** The same, in the database whose tables a query may name without it. */
  lendReader<T>(work: (client: ClickHouseClient) => Promise<T>): Promise<T>
  /** Runs the statement that `statement` makes of a table expression over the block's rows. */
  insert(avro: Buffer, statement: (rows: string) => string): Promise<void>
  close(): Promise<void>
}

/** One block in, one part a partition out, in one thread: what a token stands for is then always the same. */
const insertSettings = [
  'async_insert = 0',
  'insert_deduplicate = 1',
  'deduplicate_blocks_in_dependent_materialized_views = 1',
  'max_threads = 1',
  'max_insert_threads = 1',
  'min_insert_block_size_rows = 100000000',
  'min_insert_block_size_bytes = 0',
  'distributed_foreground_insert = 1', // else a node of a cluster says yes before the shards have the rows
  'input_format_null_as_default = 1',
]

const maxMemoryBytes = 1 << 30
const maxSqlCharacters = 100_000

/**
 * Everything about ClickHouse that does not depend on where it runs.
 * @param more settings of every insert
 */
export function clientOlap(driver: Driver, more: readonly string[] = []): Olap {
  const settings = [...insertSettings, ...more].join(', ')
  let tableFunctions: readonly string[] | undefined

  return {
    async migrate(statements) {
      await driver.lend(async (client) => {
        for (const query of statements) {
          await client.command({ query }).catch((error: unknown) => {
            throw insertFailure(error, `the statement "${query.slice(0, 80)}" failed`)
          })
        }
      })
    },

    async insert({ table, columns, avro, token }: Block) {
      const names = columns.map(({ name }) => quoted(name)).join(', ')
      const expressions = columns.map(({ expression }) => expression).join(', ')
      const into = `${table.split('.').map(quoted).join('.')} (${names})`
      const all = `${settings}, insert_deduplication_token = ${literal(token)}`
      try {
        await driver.insert(
          avro,
          (rows) => `INSERT INTO ${into} SETTINGS ${all} SELECT ${expressions} FROM ${rows}`,
        )
      } catch (error) {
        throw insertFailure(error, `block ${token} does not go into table "${table}"`)
      }
    },

    async query(sql, limits) {
      try {
        return await driver.lendReader(async (client) => {
          tableFunctions ??= await namesOfTableFunctions(client)
          const statement = await canonical(client, sql)
          const reason = refusal(statement, tableFunctions)
          if (reason !== undefined) throw new ConnectorError('QUERY_REFUSED', reason)
          return await read(client, statement, limits)
        })
      } catch (error) {
        throw queryFailure(error)
      }
    },

    close: () => driver.close(),
  }
}

async function namesOfTableFunctions(client: ClickHouseClient): Promise<string[]> {
  const result = await client.query({
    query: 'SELECT name FROM system.table_functions',
    format: 'JSONEachRow',
  })
  return (await result.json<{ name: string }>()).map(({ name }) => name)
}

/** The statement as the engine's own parser prints it; that it is one statement is what the parser checks. */
async function canonical(client: ClickHouseClient, sql: string): Promise<string> {
  if (sql.length > maxSqlCharacters)
    throw new ConnectorError(
      'QUERY_REFUSED',
      `the statement has ${sql.length} characters; send at most ${maxSqlCharacters}`,
    )
  const result = await client.query({
    query: `SELECT formatQuerySingleLine(${literal(sql)}) AS statement`,
    format: 'JSONEachRow',
  })
  const [row] = await result.json<{ statement: string }>()
  return (row as { statement: string }).statement
}

async function read(client: ClickHouseClient, query: string, limits: QueryLimits): Promise<QueryResult> {
  const result = await client.query({
    query,
    format: 'JSON',
    clickhouse_settings: {
      wait_end_of_query: 1, // else a server reports success before the first failure
      output_format_json_quote_64bit_integers: 0,
      allow_introspection_functions: 0,
      max_result_rows: String(limits.maxRows),
      max_result_bytes: String(limits.maxBytes),
      max_execution_time: limits.maxSeconds,
      max_memory_usage: String(maxMemoryBytes),
      result_overflow_mode: 'throw',
      readonly: '1', // last: nothing can be set after it
    },
  })
  const text = await result.text()
  if (text.length > limits.maxBytes)
    throw new ConnectorError('QUERY_LIMIT', `the result has more than ${limits.maxBytes} bytes; ask for less`)
  const { meta, data } = JSON.parse(text) as { meta: QueryResult['columns']; data: QueryResult['rows'] }
  return { columns: meta, rows: data }
}
