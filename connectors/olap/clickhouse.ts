import { Agent, type AgentOptions } from 'node:http'
import { Readable } from 'node:stream'
import { type ClickHouseClientConfigOptions, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { containerHeader } from '../../schemas/container.ts'
import { clientOlap, literal } from './client.ts'
import type { Olap } from './olap.ts'

export interface ClickhouseOptions {
  /** Such as `http://127.0.0.1:8123`. */
  readonly url: string
  readonly username?: string
  readonly password?: string
  /** Whose tables queries name without it; `default` unless told. */
  readonly database?: string
  /** Speak through this unix socket; `url` is then only what the requests say. */
  readonly socketPath?: string
}

/** A ClickHouse server, or a process that serves its engine (`serveClickhouse`), over HTTP. */
export function clickhouseOlap({ socketPath, database, ...options }: ClickhouseOptions): Olap {
  const agent = socketPath === undefined ? undefined : agentOf(socketPath)
  const settings: ClickHouseClientConfigOptions = {
    ...options,
    ...(agent ? { http_agent: agent } : {}),
    request_timeout: 120_000,
    log: { level: ClickHouseLogLevel.OFF },
  }
  const client = createClient(settings)
  const reader = createClient(database === undefined ? settings : { ...settings, database })
  const structures = new Map<string, string>()

  /** The columns that ClickHouse sees in files of this schema, as its function `input` wants them. */
  async function structureOf(avro: Buffer): Promise<string> {
    const header = containerHeader(avro).toString('hex')
    const known = structures.get(header)
    if (known !== undefined) return known
    const result = await client.query({
      query: `DESCRIBE TABLE format(Avro, unhex('${header}'))`,
      format: 'JSONEachRow',
    })
    const columns = await result.json<{ name: string; type: string }>()
    const structure = columns
      .map(({ name, type }) => `\`${name}\` ${type.replaceAll(/\s+/g, ' ')}`)
      .join(', ')
    structures.set(header, structure)
    return structure
  }

  return clientOlap({
    lend: (work) => work(client),
    lendReader: (work) => work(reader),
    async insert(avro, statement) {
      const { stream } = await client.exec({
        query: `${statement(`input(${literal(await structureOf(avro))})`)} FORMAT Avro`,
        values: Readable.from([avro], { objectMode: false }),
      })
      stream.resume()
    },
    async close() {
      await client.close()
      await reader.close()
      agent?.destroy()
    },
  })
}

function agentOf(socketPath: string): Agent {
  const options: AgentOptions & { socketPath: string } = { socketPath }
  return new Agent(options)
}
