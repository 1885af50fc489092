import { join } from 'node:path'
import { type Database, type Key, open } from 'lmdb'
import { ConnectorError } from '../errors.ts'
import { checkDatabase, checkFormat } from './format.ts'
import { openLock } from './lock.ts'

/** The LMDB database that the embedded log and store share. Several processes may have it open at once. */
export interface Environment {
  readonly folder: string
  /** Bytes that the log's records may take before appends fail with LOG_FULL. */
  readonly maxBytes: number
  /** Stored batches by [topic, partition, base offset]. */
  readonly batches: Database<Buffer, Key>
  /** Topics, positions, groups and fences as JSON, by [kind, ...names]. */
  readonly meta: Database<unknown, Key>
  /** Keyed state: see `connectors/store/embedded.ts`. */
  readonly state: Database<Buffer, Buffer>
  /**
   * Runs `work` as the only writer among all processes. What it wrote is on the disk when this returns; where
   * it throws, nothing is written.
   * @throws what `work` throws; LOG_FULL, UNAVAILABLE
   */
  transaction<T>(work: () => T): T
  /** Lets the reads that follow see what other processes have committed. */
  refresh(): void
  /** Forgets readers that died, so that they hold back no free space. */
  forgetDeadReaders(): void
  close(): Promise<void>
}

export interface EnvironmentOptions {
  /** Bytes that the log's records may take. Default: as much as the disk holds. */
  readonly maxBytes?: number
}

/** Address space, not memory or disk: with a fixed map no process ever has to follow another one's growth. */
const mapSize = 2 ** 40

/**
 * Opens `<folder>/log`, and makes it where it is missing.
 *
 * `overlappingSync` is off: LMDB then writes the pages, calls fdatasync, and writes the root page through a
 * descriptor opened with O_DSYNC before the commit returns (seen with strace), and no root page ever points
 * at pages that a power cut could lose.
 *
 * Nobody commits while anybody opens: an opening LMDB sets the number of the last transaction back to what it read a
 * moment before (ITS#9496, which lmdb still carries), so that the next writer would overwrite what was committed
 * meanwhile. A lock of its own around both costs some microseconds a transaction.
 * @throws NEWER_FORMAT, UNAVAILABLE
 */
export function openEnvironment(folder: string, options: EnvironmentOptions = {}): Environment {
  checkFormat(folder)
  checkDatabase(join(folder, 'log', 'data.mdb'))
  const gate = guard(() => openLock(folder, 'gate'))
  const alone = <T>(work: () => T): T => guard(() => gate.hold(work))
  const { root, ...databases } = alone(() => {
    const root = open({
      path: join(folder, 'log'),
      noSubdir: false,
      maxDbs: 4,
      mapSize,
      overlappingSync: false,
    })
    return {
      root,
      batches: root.openDB<Buffer, Key>({ name: 'batches', encoding: 'binary' }),
      meta: root.openDB<unknown, Key>({ name: 'meta', encoding: 'json' }),
      state: root.openDB<Buffer, Buffer>({ name: 'state', encoding: 'binary', keyEncoding: 'binary' }),
    }
  })
  return {
    folder,
    maxBytes: options.maxBytes ?? Number.POSITIVE_INFINITY,
    ...databases,
    transaction: (work) => alone(() => root.transactionSync(work)),
    refresh: () => root.resetReadTxn(),
    forgetDeadReaders: () => void root.readerCheck(),
    async close() {
      await root.close()
      await gate.close()
    },
  }
}

/** LMDB's own faults carry the system's number; everything else is the caller's. */
function guard<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    throw typeof code === 'number' ? diskFault(code, cause as Error) : cause
  }
}

/** EIO, EFBIG, ENOSPC, EDQUOT, MDB_MAP_FULL. LMDB says EIO where a write came out short: that, too, is a full disk. */
const full = new Set([5, 27, 28, 122, -30792])

const diskFault = (code: number, cause: Error): ConnectorError =>
  full.has(code)
    ? new ConnectorError(
        'LOG_FULL',
        `the disk is full, or it fails (${cause.message}): free space, or shorten retention`,
        { cause },
      )
    : new ConnectorError('UNAVAILABLE', `the disk does not answer (${cause.message})`, { cause })
