import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chdbEngine } from '../connectors/olap/engine.ts'
import { type ListenOnPort, serveClickhouse } from '../connectors/olap/server.ts'
import { packageRoot } from '../schemas/root.ts'
import { type Certificate, certificateIn } from './certificate.ts'
import { freePorts, host } from './ports.ts'
import { startProcess } from './process.ts'
import { homeOf, type Servers, servers } from './server.ts'

export interface ClickHouseOptions {
  /** Who may come; anyone unless told. */
  readonly users?: ListenOnPort['users']
  /** Whether it speaks TLS, and nothing else. */
  readonly tls?: boolean
  /** Keeps the data for a later start. A temporary one unless told. */
  readonly folder?: string
  /** One that is free unless told. */
  readonly port?: number
}

export interface ClickHouseServer extends Servers {
  /** Also while it is down. */
  readonly url: string
  /** To trust, where it speaks TLS. */
  readonly certificate?: Certificate
}

/**
 * Starts what stands for a ClickHouse server, at place 0: ClickHouse's own engine (chdb) behind the part of its HTTP
 * interface that the client uses, in a process of its own. No registry has a current server as a package; Debian's
 * is of 2018. It has one node, no Keeper and no users but the given ones.
 * @throws Error with the end of the log if it doesn't start
 */
export async function startClickHouse(options: ClickHouseOptions = {}): Promise<ClickHouseServer> {
  const home = homeOf('clickhouse', options.folder)
  const certificate = options.tls ? await certificateIn(home.folder) : undefined
  const port = options.port ?? ((await freePorts(1))[0] as number)
  const listen: ListenOnPort = {
    port,
    ...(options.users ? { users: options.users } : {}),
    ...(certificate ? { tls: certificate } : {}),
  }
  const args = [program, join(home.folder, 'olap'), JSON.stringify(listen)]
  const each = servers(home, () => startProcess(process.execPath, args, join(home.folder, 'log'), ready))
  try {
    await each.restart(0)
  } catch (cause) {
    await each.stop()
    throw cause
  }
  return {
    ...each,
    url: `${certificate ? 'https' : 'http'}://${host}:${port}`,
    ...(certificate ? { certificate } : {}),
  }
}

const program = join(packageRoot(), 'dist', 'servers', 'clickhouse.js')
const ready = 'clickhouse: ready'

/** The process itself. */
async function serve(folder: string, listen: ListenOnPort): Promise<void> {
  const engine = chdbEngine({ folder })
  const served = await serveClickhouse(engine, listen)
  process.once('SIGTERM', () => {
    void served.close().then(() => engine.close())
  })
  console.log(ready)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , folder = '', listen = ''] = process.argv
  await serve(folder, JSON.parse(listen) as ListenOnPort)
}
