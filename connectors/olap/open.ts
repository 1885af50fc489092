import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Config } from '../../config.ts'
import { crashingOlap } from '../crash.ts'
import { ConnectorError } from '../errors.ts'
import { chdbOlap } from './chdb.ts'
import { clickhouseOlap } from './clickhouse.ts'
import { chdbEngine } from './engine.ts'
import type { Olap } from './olap.ts'
import { serveClickhouse } from './server.ts'

type OlapConfig = Pick<Config, 'data' | 'olap'>

/** The longest path that a unix socket may have on every system. */
const maxSocketPath = 100

/** Where the process that owns the chdb folder serves it to the others. */
function socketOf(data: string): string {
  const path = resolve(data, 'olap.sock')
  if (path.length <= maxSocketPath) return path
  return join(tmpdir(), `murmur-${createHash('sha1').update(path).digest('hex').slice(0, 16)}.sock`)
}

const server = ({
  url,
  username,
  password,
  database,
  ca,
  timeout,
  compression,
  quorum,
}: OlapConfig['olap']): Olap =>
  clickhouseOlap({
    ...{
      url,
      username,
      password,
      database,
      timeoutMs: timeout,
      compression,
      majority: quorum === 'majority',
    },
    ...(ca === '' ? {} : { ca: authority(ca) }),
  })

function authority(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new ConnectorError('MISCONFIGURED', `olap.ca: ${(cause as Error).message}; name a PEM file`, {
      cause,
    })
  }
}

/**
 * For a process that writes. A server has any number of them; a chdb folder has one, is opened here, and served to
 * the others.
 */
export async function openOlapToWrite({ data, olap }: OlapConfig): Promise<Olap> {
  if (olap.driver === 'clickhouse') return crashingOlap(server(olap))
  const engine = chdbEngine({ folder: join(data, 'olap') })
  const served = await serveClickhouse(engine, { socketPath: socketOf(data) })
  const owned = chdbOlap(engine, olap.database)
  return crashingOlap({
    ...owned,
    async close() {
      await served.close()
      await owned.close()
    },
  })
}

/** For every other process: the server, or the process that owns the chdb folder. UNAVAILABLE while that is away. */
export const openOlapToRead = ({ data, olap }: OlapConfig): Olap =>
  olap.driver === 'clickhouse'
    ? server(olap)
    : clickhouseOlap({ url: 'http://localhost', database: olap.database, socketPath: socketOf(data) })

/** For a command while no pipeline runs: the chdb folder itself, without serving it. */
export const openOlapAlone = ({ data, olap }: OlapConfig): Olap =>
  olap.driver === 'clickhouse'
    ? server(olap)
    : chdbOlap(chdbEngine({ folder: join(data, 'olap') }), olap.database)
