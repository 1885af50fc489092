import { Command } from 'commander'
import type { Config } from '../config.ts'
import type { QueryResult } from '../connectors/olap/olap.ts'
import { openOlapAlone } from '../connectors/olap/open.ts'
import { migrations } from '../schemas/generated/clickhouse.ts'
import { print, table } from './output.ts'
import { ask, runningPipeline } from './running.ts'
import { configOf, wantsJson } from './session.ts'

export const query = new Command('query')
  .description(
    'run read-only SQL on the tables: processed, replies, alerts, deadletters, sentiment_by_minute',
  )
  .argument('<sql>', 'a SELECT; `SHOW TABLES` and `DESCRIBE processed` say what there is')
  .action(async (sql: string, _options: unknown, command: Command) => {
    const { columns, rows } = await run(sql, configOf(command))
    print(wantsJson(command), rows, () =>
      table(
        rows,
        columns.map(({ name }) => name),
      ),
    )
  })

/** The chdb folder belongs to one process: a running pipeline is asked; without one, the folder is opened here. */
async function run(sql: string, config: Config): Promise<QueryResult> {
  const running = runningPipeline(config.data)
  if (running?.address) return ask<QueryResult>(running.address, '/v1/query', { sql })
  const olap = openOlapAlone(config)
  try {
    await olap.migrate(migrations)
    return await olap.query(sql, config.olap)
  } finally {
    await olap.close()
  }
}
