import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
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

/** Where to listen. Whoever reaches it may do anything to the tables, unless users are named. */
export type Listen = { readonly socketPath: string } | ListenOnPort

export interface ListenOnPort {
  /** 0: any that is free. */
  readonly port: number
  /** Who may come, by name; anyone unless told. */
  readonly users?: Readonly<Record<string, User>>
  /** PEM files; plain HTTP unless told. */
  readonly tls?: { readonly certificate: string; readonly key: string }
}

interface User {
  readonly password: string
  /** Whether the user may only read. */
  readonly readonly?: boolean
}

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
  const { users, tls } = 'port' in listen ? listen : {}
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    answer(engine, userOf(request, users), request, response).catch((error: unknown) => fail(response, error))
  }
  const server = tls
    ? createSecureServer({ cert: readFileSync(tls.certificate), key: readFileSync(tls.key) }, handle)
    : createServer(handle)
  if ('socketPath' in listen) {
    await rm(listen.socketPath, { force: true }) // left by a process that was killed: the folder is ours
    await listening(server, () => server.listen(listen.socketPath))
    await chmod(listen.socketPath, 0o600)
  } else {
    await listening(server, () => server.listen(listen.port, '127.0.0.1'))
  }
  const port = 'port' in listen ? (server.address() as AddressInfo).port : 80
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
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

/** Who asks; undefined for a stranger. The client names itself in its own way over TLS. */
function userOf({ headers }: IncomingMessage, users: ListenOnPort['users']): User | undefined {
  if (!users) return anyone
  const basic = Buffer.from(headers.authorization?.replace(/^Basic /, '') ?? '', 'base64').toString()
  const given = [headers['x-clickhouse-user'], headers['x-clickhouse-key']]
  const [name, password] = given[0] === undefined ? basic.split(/:(.*)/s) : given.map(String)
  const user = name !== undefined && Object.hasOwn(users, name) ? users[name] : undefined
  return user?.password === password ? user : undefined
}

const anyone: User = { password: '' }

const authenticationFailed = {
  code: '516',
  type: 'AUTHENTICATION_FAILED',
  message: 'Authentication failed: password is incorrect, or there is no user with such name.',
}

async function answer(
  engine: Engine,
  user: User | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (url.pathname === '/ping') return void response.end('Ok.\n')
  if (!user) throw authenticationFailed
  if (user.readonly) url.searchParams.set('readonly', '1')
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
    .writeHead(code === authenticationFailed.code ? 403 : 500, {
      'X-ClickHouse-Exception-Code': String(code),
    })
    .end(`Code: ${code}. DB::Exception: ${message} (${type})`)
}
