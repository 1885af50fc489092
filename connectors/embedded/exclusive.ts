import { join } from 'node:path'
import { open } from 'lmdb'

/**
 * Runs `work`, which must be short, while no other process of the machine runs any on the same folder. It is LMDB's
 * lock for writers: it goes with the process that holds it, however that ends.
 * @throws what `work` throws
 */
export async function exclusively<T>(folder: string, work: () => T): Promise<T> {
  const lock = open({ path: join(folder, 'claim'), noSubdir: false })
  try {
    return lock.transactionSync(work)
  } finally {
    await lock.close()
  }
}
