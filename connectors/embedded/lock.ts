import { join } from 'node:path'
import { open } from 'lmdb'

/** One process of the machine at a time holds it. It goes with the process that holds it, however that ends. */
export interface Lock {
  /** Waits for the lock, and holds it during `work`, which must be short. @throws what `work` throws */
  hold<T>(work: () => T): T
  close(): Promise<void>
}

/** Opens the lock `name` of a folder: LMDB's own lock for writers, on a database in which nothing is ever written. */
export function openLock(folder: string, name: string): Lock {
  const database = open({ path: join(folder, name), noSubdir: false })
  return {
    hold: (work) => database.transactionSync(work),
    close: () => database.close(),
  }
}

/** Holds the lock once. @throws what `work` throws */
export async function exclusively<T>(folder: string, name: string, work: () => T): Promise<T> {
  const lock = openLock(folder, name)
  try {
    return lock.hold(work)
  } finally {
    await lock.close()
  }
}
