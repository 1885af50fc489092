import { Command } from 'commander'
import type { Config } from '../config.ts'
import type { QueryResult } from '../connectors/olap/olap.ts'
import { print, table } from './output.ts'
import { ask, runningPipeline } from './running.ts'
import { configOf, wantsJson, withOlap } from './session.ts'

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

/** A running pipeline is asked through its gateway, if it has one. */
async function run(sql: string, config: Config): Promise<QueryResult> {
  const address = runningPipeline(config.data)?.address
  if (address) return ask<QueryResult>(address, '/v1/query', { sql })
  return withOlap(config, (olap) => olap.query(sql, config.olap))
}
