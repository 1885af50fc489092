import type { Config } from '../../config.ts'
import { tables, views } from '../../schemas/generated/clickhouse.ts'
import { tableStatements } from '../../schemas/tables.ts'
import { ConnectorError } from '../errors.ts'
import type { Olap } from './olap.ts'

/** The first long-term version whose views drop a repeated block by its token, as their table does. */
const leastVersion = [24, 8] as const

const limits = { maxRows: 1000, maxSeconds: 60, maxBytes: 1 << 20 }

/**
 * Makes the tables of the configuration, or brings them up to date; many may do so at once.
 * @throws MISCONFIGURED where the server is too old, or has tables of the other kind; UNAUTHORIZED; UNAVAILABLE
 */
export async function prepareOlap(
  olap: Olap,
  { database, cluster }: Pick<Config['olap'], 'database' | 'cluster'>,
): Promise<void> {
  await checkVersion(olap, leastVersion)
  const [first = '', ...others] = tableStatements({ tables, views }, { database, cluster })
  await olap.migrate([first])
  await checkEngines(olap, database, cluster)
  await olap.migrate(others)
}

/** Before anything is made: what is there must be of the kind that is asked for. */
async function checkEngines(olap: Olap, database: string, cluster: string): Promise<void> {
  const { rows } = await olap.query(
    'SELECT name, engine FROM system.tables WHERE database = currentDatabase()',
    limits,
  )
  const ours = new Set(tables.map(({ name }) => name))
  for (const { name, engine } of rows) {
    if (!ours.has(name as string) || (engine === 'Distributed') === (cluster !== '')) continue
    throw new ConnectorError(
      'MISCONFIGURED',
      `table "${database}.${name}" has engine ${engine}, but olap.cluster is "${cluster}"; set olap.cluster as it was, or name a new olap.database and move the rows`,
    )
  }
}

/**
 * In no database, as the configured one may not be there yet.
 * @throws MISCONFIGURED where the server is older
 */
export async function checkVersion(olap: Olap, [year, month]: readonly [number, number]): Promise<void> {
  const version = "arrayMap(part -> toUInt32OrZero(part), arraySlice(splitByChar('.', version()), 1, 2))"
  const old = `the server is too old: install ClickHouse ${year}.${month} or newer`
  try {
    await olap.migrate([`SELECT throwIf(${version} < [${year}, ${month}], '${old}')`])
  } catch (error) {
    if (!(error instanceof ConnectorError && error.code === 'QUERY_REFUSED')) throw error
    throw new ConnectorError('MISCONFIGURED', old, { cause: error })
  }
}
