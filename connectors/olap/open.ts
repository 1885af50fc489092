import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Config } from '../../config.ts'
import { database } from '../../schemas/generated/clickhouse.ts'
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

/** For the one process that writes. A chdb folder is opened here, and served to the other processes. */
export async function openOlapToWrite({ data, olap }: OlapConfig): Promise<Olap> {
  if (olap.driver === 'clickhouse') return clickhouseOlap({ ...olap, database })
  const engine = chdbEngine({ folder: join(data, 'olap') })
  const served = await serveClickhouse(engine, { socketPath: socketOf(data) })
  const owned = chdbOlap(engine, database)
  return {
    ...owned,
    async close() {
      await served.close()
      await owned.close()
    },
  }
}

/** For every other process: the server, or the process that owns the chdb folder. UNAVAILABLE while that is away. */
export const openOlapToRead = ({ data, olap }: OlapConfig): Olap =>
  olap.driver === 'clickhouse'
    ? clickhouseOlap({ ...olap, database })
    : clickhouseOlap({ url: 'http://localhost', database, socketPath: socketOf(data) })

/** For a command while no pipeline runs: the chdb folder itself, without serving it. */
export const openOlapAlone = ({ data, olap }: OlapConfig): Olap =>
  olap.driver === 'clickhouse'
    ? clickhouseOlap({ ...olap, database })
    : chdbOlap(chdbEngine({ folder: join(data, 'olap') }), database)
