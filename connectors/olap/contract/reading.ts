import { expect, test } from 'vitest'
import { ConnectorError } from '../../errors.ts'
import type { Olap, QueryLimits } from '../olap.ts'

export const limits: QueryLimits = { maxRows: 1000, maxSeconds: 10, maxBytes: 1 << 20 }

export const failure = (promise: Promise<unknown>): Promise<ConnectorError> =>
  promise.then(
    () => expect.unreachable('the call should have failed'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(ConnectorError)
      return error as ConnectorError
    },
  )

/** What a reader may ask, and what not. Runs in a driver's contract, over its table `visits`. */
export function readingContract(
  lend: () => { readonly olap: Olap; readonly secret: string; counts(): Promise<unknown> },
): void {
  test('a result names its columns and types', async () => {
    expect(
      await lend().olap.query(
        'SELECT 1 AS one, toNullable(NULL) AS nothing, count() AS n FROM numbers(3) -- three',
        limits,
      ),
    ).toEqual({
      columns: [
        { name: 'one', type: 'UInt8' },
        { name: 'nothing', type: 'Nullable(Nothing)' },
        { name: 'n', type: 'UInt64' },
      ],
      rows: [{ one: 1, nothing: null, n: 3 }],
    })
  })

  test.each([
    'WITH 1 AS x SELECT x',
    '(SELECT 1) UNION ALL (SELECT 2)',
    '/* a comment */ SELECT 1;',
    'SHOW TABLES',
    'DESCRIBE visits',
    'EXISTS visits',
    'EXPLAIN SELECT * FROM visits',
    "SELECT 'INTO OUTFILE', 'file(', 'SETTINGS a = 1' AS `file (1)`",
    "SELECT * FROM merge(currentDatabase(), 'visits') LIMIT 1",
  ])('reading is allowed: %s', async (sql) => {
    expect((await lend().olap.query(sql, limits)).rows.length).toBeGreaterThan(0)
  })

  test.each([
    "INSERT INTO visits (id) VALUES ('x')",
    '/* SELECT */ INSERT INTO visits SELECT * FROM visits',
    'DROP TABLE visits',
    '-- SELECT 1\nDROP TABLE visits',
    'SELECT 1; DROP TABLE visits',
    'SELECT 1 PARALLEL WITH DROP TABLE visits',
    'TRUNCATE TABLE visits',
    'ALTER TABLE visits DELETE WHERE 1',
    'CREATE TABLE other (a Int8) ENGINE = Memory',
    'CREATE TEMPORARY TABLE other (a Int8)',
    'CREATE FUNCTION f AS () -> 1',
    'OPTIMIZE TABLE visits FINAL',
    'SYSTEM STOP MERGES',
    'KILL QUERY WHERE 1',
    'USE system',
    'SET readonly = 0',
    'SELECT 1 SETTINGS readonly = 0',
    'SELECT * FROM (SELECT 1 SETTINGS readonly = 0)',
    "SELECT * FROM (SELECT 1 SETTINGS `max_memory_usage` = '0')",
    'WITH x AS (SELECT 1 SETTINGS/**/max_execution_time/**/=/**/0) SELECT * FROM x',
    "SELECT 1 INTO OUTFILE '{secret}.out'",
    "SELECT 1 INTO/**/OUTFILE '{secret}.out' FORMAT CSV",
    "EXPLAIN SELECT 1 INTO OUTFILE '{secret}.out'",
    "SELECT file('{secret}')",
    "SELECT `file`('{secret}')",
    'SELECT "file"(\'{secret}\')',
    "SELECT * APPLY(file) FROM (SELECT '{secret}')",
    "SELECT arrayMap(x -> file(x), ['{secret}'])",
    "SELECT * FROM file('{secret}', LineAsString)",
    "SELECT * FROM `file` ('{secret}', LineAsString)",
    "SELECT * FROM (SELECT * FROM file('{secret}', LineAsString) SETTINGS readonly = 0)",
    "DESCRIBE file('{secret}')",
    "DESCRIBE url('http://127.0.0.1:9/')",
    "SELECT * FROM url('http://127.0.0.1:9/', CSV)",
    "SELECT * FROM s3('http://127.0.0.1:9/bucket/x', CSV)",
    "SELECT * FROM remote('127.0.0.1:9', system.one)",
    "SELECT * FROM executable('id', TSV, 'x String')",
    "SELECT * FROM eval('SELECT 1')",
    "SELECT aiGenerate('x')",
    "BACKUP TABLE visits TO File('{secret}.out')",
    'SELECT 1 FORMAT CSV',
    'SELEKT 1',
    'SELECT * FROM nowhere',
    "SELECT 'unfinished",
    '',
    `SELECT '${'x'.repeat(100_000)}'`,
  ])('refused: %.80s', async (sql) => {
    const before = await lend().counts()
    const error = await failure(lend().olap.query(sql.replaceAll('{secret}', lend().secret), limits))
    expect(error.code).toBe('QUERY_REFUSED')
    expect(error.message.length).toBeLessThan(600)
    expect(await lend().counts()).toEqual(before)
  })

  test.each([
    ['SELECT number FROM numbers(1001)', {}],
    ["SELECT repeat('x', 2000)", { maxBytes: 1000 }],
    ['SELECT sum(sipHash64(number)) FROM system.numbers', { maxSeconds: 0.2 }],
    ['SELECT length(groupArray(number)) FROM numbers(1000000000)', {}],
  ])('past a limit: %s', async (sql, more) => {
    expect((await failure(lend().olap.query(sql, { ...limits, ...more }))).code).toBe('QUERY_LIMIT')
  })

  test('a query’s limits are its own', async () => {
    await failure(lend().olap.query('SELECT number FROM numbers(3)', { ...limits, maxRows: 2 }))
    expect((await lend().olap.query('SELECT number FROM numbers(3)', limits)).rows).toHaveLength(3)
  })
}
