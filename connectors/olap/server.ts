import { once } from 'node:events'
import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Engine } from './engine.ts'

export interface Served {
  /** What `clickhouseOlap` wants as `url`. */
  readonly url: string
  /** Lets running requests finish. */
  close(): Promise<void>
}

/** Where to listen. Whoever reaches it may do anything to the tables: a socket is for this user alone. */
export type Listen = { readonly socketPath: string } | { readonly port: number }

/** Parameters of a request that are no settings. The rest is. */
const notSettings = new Set(['query', 'query_id', 'database', 'session_id', 'role'])

/**
 * Serves the engine of this process to others: the part of ClickHouse's HTTP interface that
 * `@clickhouse/client` uses, on a unix socket (mode 0600) or on a port of the loopback interface (0: any).
 * Every request has a connection of its own, so its settings end with it.
 * @see https://clickhouse.com/docs/interfaces/http
 * @throws OLAP_BUSY where another process has the folder
 */
export async function serveClickhouse(engine: Engine, listen: Listen): Promise<Served> {
  await (await engine.connect()).close()
  const server = createServer((request, response) => {
    answer(engine, request, response).catch((error: unknown) => fail(response, error))
  })
  if ('socketPath' in listen) {
    await rm(listen.socketPath, { force: true }) // left by a process that was killed: the folder is ours
    await listening(server, () => server.listen(listen.socketPath))
    await chmod(listen.socketPath, 0o600)
  } else {
    await listening(server, () => server.listen(listen.port, '127.0.0.1'))
  }
  const port = 'port' in listen ? (server.address() as AddressInfo).port : 80
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.close()
      server.closeIdleConnections()
      await once(server, 'close')
    },
  }
}

async function listening(server: Server, listen: () => void): Promise<void> {
  const ready = once(server, 'listening')
  listen()
  await ready
}

async function answer(engine: Engine, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (url.pathname === '/ping') return void response.end('Ok.\n')
  const body = await bodyOf(request)
  const inUrl = url.searchParams.get('query')
  const result =
    inUrl !== null && body.length > 0
      ? await engine.withFile(body, (path) => run(engine, reading(inUrl, path), url))
      : await run(engine, [inUrl ?? '', body.toString()].join(''), url)
  response.end(result)
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const body = await buffer(request)
  return request.headers['content-encoding'] === 'gzip' ? promisify(gunzip)(body) : body
}

/** The same insert, from a file. The table function `input` becomes `file`; else the file is named before FORMAT. */
function reading(query: string, path: string): string {
  const [whole, before, structure, format] =
    /^(.*)\binput\('((?:[^'\\]|\\.)*)'\)\s+FORMAT\s+(\w+)\s*$/is.exec(query) ?? []
  if (whole !== undefined) return `${before} file('${path}', ${format}, '${structure}')`
  return query.replace(/\bFORMAT\s+(\w+)\s*$/i, `FROM INFILE '${path}' FORMAT $1`)
}

async function run(engine: Engine, query: string, url: URL): Promise<Buffer> {
  const connection = await engine.connect()
  try {
    const database = url.searchParams.get('database')
    if (database) await connection.command({ query: `USE \`${database.replaceAll(/[\\`]/g, '\\$&')}\`` })
    const { stream } = await connection.query({ query, clickhouse_settings: settingsOf(url.searchParams) })
    return await buffer(stream)
  } finally {
    await connection.close()
  }
}

/** In the order of the request, but `readonly` last: nothing can be set after it. */
function settingsOf(parameters: URLSearchParams): Record<string, string> {
  const settings = Object.fromEntries([...parameters].filter(([name]) => !notSettings.has(name)))
  const { readonly, ...others } = settings
  return readonly === undefined ? others : { ...others, readonly }
}

function fail(response: ServerResponse, error: unknown): void {
  const { code, type, message } = error as { code?: string; type?: string; message: string }
  if (type === undefined) return void response.writeHead(503).end(message)
  response
    .writeHead(500, { 'X-ClickHouse-Exception-Code': String(code) })
    .end(`Code: ${code}. DB::Exception: ${message} (${type})`)
}
