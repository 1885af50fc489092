import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Admin } from '@platformatic/kafka'
import { utterances } from '../../schemas/topics.ts'
import { ended, type Processes } from './processes.ts'
import type { RealServers } from './servers.ts'

const endsWithinMs = 30_000

/**
 * Raises the number of partitions of the input behind the product's back, and starts a processor on it.
 * @returns what the processor says, and whether it ends rather than to go on as if nothing were
 */
export async function raisePartitions(
  { brokers, partitions }: RealServers,
  processes: Processes,
  log: string,
): Promise<{ readonly said: string; readonly refused: boolean }> {
  const admin = new Admin({ clientId: 'kill', bootstrapBrokers: [...brokers] })
  await admin.createPartitions({
    topics: [{ name: utterances.name, count: partitions + 2, assignments: null }],
  })
  await admin.close()
  const processor = processes.start(['start', '--only', 'conversation'], { log })
  await Promise.race([ended(processor), sleep(endsWithinMs, undefined, { ref: false })])
  return { said: readFileSync(log, 'utf8').trim(), refused: Boolean(processor.exitCode) }
}
