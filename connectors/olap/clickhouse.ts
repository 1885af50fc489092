import { Agent, type AgentOptions } from 'node:http'
import { Readable } from 'node:stream'
import { type ClickHouseClientConfigOptions, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { containerHeader } from '../../schemas/container.ts'
import { literal } from '../../schemas/sql.ts'
import { clientOlap, type Driver } from './client.ts'
import type { Olap } from './olap.ts'

export interface ClickhouseOptions {
  /** Such as `http://127.0.0.1:8123`: a node, or what spreads requests over the nodes of a cluster. */
  readonly url: string
  readonly username?: string
  readonly password?: string
  /** Whose tables queries name without it; `default` unless told. */
  readonly database?: string
  /** Speak through this unix socket; `url` is then only what the requests say. */
  readonly socketPath?: string
  /** PEM of the authority that signed the server's certificate, where the system doesn't know it. */
  readonly ca?: Buffer
  /** Milliseconds without an answer after which a request fails; two minutes unless told. */
  readonly timeoutMs?: number
  /** Whether what is sent is gzipped. */
  readonly compression?: boolean
  /** Whether most replicas of a replicated table must have a block before it counts; else one does. */
  readonly majority?: boolean
}

/**
 * A ClickHouse server, or a process that serves its engine (`serveClickhouse`), over HTTP.
 * @throws Error where `url` is none
 */
export function clickhouseOlap(options: ClickhouseOptions): Olap {
  const {
    url,
    username,
    password,
    database,
    socketPath,
    ca,
    timeoutMs = 120_000,
    compression = false,
  } = options
  const agent = socketPath === undefined ? undefined : agentOf(socketPath)
  const settings: ClickHouseClientConfigOptions = {
    url,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(agent ? { http_agent: agent } : {}),
    ...(ca ? { tls: { ca_cert: ca } } : {}),
    compression: { request: compression },
    request_timeout: timeoutMs,
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

  const driver: Driver = {
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
  }
  return clientOlap(driver, options.majority ? ["insert_quorum = 'auto'"] : [])
}

function agentOf(socketPath: string): Agent {
  const options: AgentOptions & { socketPath: string } = { socketPath }
  return new Agent(options)
}
