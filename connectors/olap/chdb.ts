import { type ClickHouseClientConfigOptions, createClient } from '@clickhouse/client'
import { literal, quoted } from '../../schemas/sql.ts'
import { clientOlap, type Driver } from './client.ts'
import type { Engine } from './engine.ts'
import type { Olap } from './olap.ts'

/**
 * ClickHouse in the process. Closing it closes the engine.
 * @param database whose tables queries name without it
 */
export function chdbOlap(engine: Engine, database = 'default'): Olap {
  const lend: Driver['lend'] = async (work) => {
    // chdb brings the types of its own copy of the client's interface: the same, but for a private symbol
    const connection =
      (await engine.connect()) as unknown as Required<ClickHouseClientConfigOptions>['connection']
    const client = createClient({ connection })
    try {
      return await work(client)
    } finally {
      await client.close()
    }
  }
  return clientOlap({
    lend,
    lendReader: (work) =>
      lend(async (client) => {
        await client.command({ query: `USE ${quoted(database)}` })
        return work(client)
      }),
    insert: (avro, statement) =>
      engine.withFile(avro, (path) =>
        lend(async (client) => {
          await client.command({ query: statement(`file(${literal(path)}, Avro)`) })
        }),
      ),
    close: () => engine.close(),
  })
}
