import { ConnectorError } from '../../errors.ts'
import type { Committed, Producer } from '../log.ts'
import type { Records } from '../records.ts'
import { checkSizes, outputRoom } from '../sizes.ts'
import { transactionalId } from './abandoned.ts'
import type { Cluster } from './cluster.ts'
import { connectorError } from './faults.ts'
import { committedOf, withoutMember } from './positions.ts'
import { Transactions } from './transactions.ts'

interface Waiting {
  readonly batches: readonly Records[]
  readonly position: string | undefined
  readonly resolve: () => void
  readonly reject: (cause: unknown) => void
}

/** Bytes that one transaction takes together; what is more waits for the next. */
const togetherBytes = 8 << 20

/**
 * A producer's position is the metadata of an offset of a group of its own: it moves in the same transaction as the
 * records. The offset itself only counts the moves.
 */
const positionGroup = (id: string): string => `murmur-producer-${encodeURIComponent(id)}`

/** Appends that arrive while a transaction is under way share the next one. @throws ConnectorError */
export async function openProducer(cluster: Cluster, id: string): Promise<Producer> {
  const group = positionGroup(id)
  const transactions = new Transactions(cluster, transactionalId(group, 'producer'))
  await transactions.open()
  let last = await lastPosition(cluster, group)
  const waiting: Waiting[] = []
  let running: Promise<void> | undefined
  let closed = false

  async function run(): Promise<void> {
    // Those of the same turn of the event loop come along
    await new Promise(setImmediate)
    while (waiting.length > 0) {
      const together = takeSome()
      try {
        await write(together)
        for (const { resolve } of together) resolve()
      } catch (cause) {
        for (const { reject } of together) reject(cause)
      }
    }
    running = undefined
  }

  function takeSome(): Waiting[] {
    let bytes = 0
    let count = 0
    while (count < waiting.length && bytes < togetherBytes)
      for (const { data } of (waiting[count++] as Waiting).batches) bytes += data.length
    return waiting.splice(0, count)
  }

  async function write(together: readonly Waiting[]): Promise<void> {
    const batches = together.flatMap((one) => one.batches)
    const position = together.findLast((one) => one.position !== undefined)?.position
    const moved = position === undefined ? undefined : await next(batches, position)
    await transactions.commit(batches, moved && withoutMember(group, [moved]))
    if (moved) last = moved
  }

  /** A position that comes without records, such as a probe's, is kept beside any topic that there is. */
  async function next(batches: readonly Records[], metadata: string): Promise<Committed> {
    const topic =
      last?.topic ??
      batches.find(({ count }) => count > 0)?.topic ??
      (await cluster.metadata()).topics.find(({ isInternal }) => !isInternal)?.name
    if (!topic)
      throw new ConnectorError(
        'UNKNOWN_TOPIC',
        `the producer "${id}" keeps its position beside a topic, and there is none: create the topics first`,
      )
    return { topic, partition: 0, offset: (last?.offset ?? 0) + 1, metadata }
  }

  return {
    get position() {
      return last?.metadata
    },
    async append(batches, position) {
      if (closed) throw new ConnectorError('UNAVAILABLE', `the producer "${id}" is closed`)
      // Checked here, so that one bad append doesn't fail those that share its transaction
      for (const records of batches) {
        checkSizes(records, cluster.settings.maxMessageBytes - outputRoom)
        await cluster.leaderOf(records)
      }
      await new Promise<void>((resolve, reject) => {
        waiting.push({ batches, position, resolve, reject })
        running ??= run()
      })
    },
    async close() {
      closed = true
      await running
      transactions.close()
    },
  }
}

async function lastPosition(cluster: Cluster, group: string): Promise<Committed | undefined> {
  try {
    const positions = await committedOf(cluster, group)
    return positions.sort((a, b) => b.offset - a.offset)[0]
  } catch (cause) {
    throw connectorError(cause, `asking for the position of "${group}"`)
  }
}
