import { mkdir, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChdbConnection } from 'chdb/connection'
import { ConnectorError } from '../errors.ts'
import { forgetUnfinished } from './unfinished.ts'

/** ClickHouse in the process, over one folder. It is loaded and opened on first use. */
export interface Engine {
  readonly folder: string
  /** A connection of its own: what is SET on it ends with it. Close it after use; it costs 0.1 ms. */
  connect(): Promise<ChdbConnection>
  /** Runs `work` with the path of a file that holds the bytes; the engine reads files faster than statements. */
  withFile<T>(bytes: Uint8Array, work: (path: string) => Promise<T>): Promise<T>
  /** Waits for what is running, then gives the folder back. */
  close(): Promise<void>
}

/** Purging memory twenty times a second, as a server does, would cost an idle laptop 3 ms of every second. */
const connectionArgs = ['--memory_worker_period_ms=1000']

export interface EngineOptions {
  readonly folder: string
  /** A configuration file as a server has it: clusters, macros. */
  readonly config?: string
}

/**
 * The engine over a folder, which belongs to one process at a time: the lock is the engine's own, and the
 * kernel releases it with the process. A process has one engine.
 *
 * Every call fails with OLAP_BUSY while another process has the folder, with UNAVAILABLE where it can't be opened.
 */
export function chdbEngine({ folder, config }: EngineOptions): Engine {
  const data = join(folder, 'chdb')
  const blocks = join(folder, 'blocks')
  let opened: ReturnType<typeof open> | undefined
  let files = 0

  async function open() {
    const [{ Session, drainPending }, { createChdbConnection }] = await Promise.all([
      import('chdb'),
      import('chdb/connection'),
    ]).catch((cause: unknown) => {
      throw unavailable('package "chdb" can not be loaded; install it with npm', cause)
    })
    await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
      throw unavailable(`the OLAP folder "${folder}" can not be made`, cause)
    })
    if ((await holderOf(data)) === undefined) await forgetUnfinished(data)
    const args = [...connectionArgs, ...(config === undefined ? [] : [`--config-file=${config}`])]
    const session = await hold(() => new Session(data, { connectionArgs: args }), data)
    await rm(blocks, { recursive: true, force: true })
    await mkdir(blocks)
    return { session, drainPending, connect: () => createChdbConnection({ path: data }) }
  }

  const once = () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }

  return {
    folder,
    connect: async () => (await once()).connect(),
    async withFile(bytes, work) {
      await once()
      const path = join(blocks, `${files++}`)
      try {
        await writeFile(path, bytes)
        return await work(path)
      } finally {
        await unlink(path).catch(() => {})
      }
    },
    async close() {
      const engine = await opened?.catch(() => undefined)
      opened = undefined
      if (!engine) return
      engine.session.close()
      await engine.drainPending()
    },
  }
}

const unavailable = (message: string, cause: unknown) =>
  new ConnectorError('UNAVAILABLE', `${message}: ${cause instanceof Error ? cause.message : cause}`, {
    cause,
  })

async function hold<T>(open: () => T, data: string): Promise<T> {
  try {
    return open()
  } catch (cause) {
    const holder = await holderOf(data)
    if (holder === undefined) throw unavailable(`the OLAP folder "${data}" can not be opened`, cause)
    throw new ConnectorError(
      'OLAP_BUSY',
      `the OLAP folder "${data}" belongs to process ${holder}; ask that process, or stop it`,
      { cause },
    )
  }
}

/** The other, living process that the engine has noted as the folder's holder. */
async function holderOf(data: string): Promise<number | undefined> {
  const status = await readFile(join(data, 'status'), 'utf8').catch(() => '')
  const pid = Number(/PID: (\d+)/.exec(status)?.[1])
  if (!pid || pid === process.pid) return undefined
  try {
    process.kill(pid, 0)
    return pid
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined
  }
}
