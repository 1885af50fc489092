import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectorError } from '../../errors.ts'
import type { Committed, Producer } from '../log.ts'
import type { Records } from '../records.ts'
import { checkSizes, outputRoom } from '../sizes.ts'
import { isKnown, transactionalId } from './abandoned.ts'
import type { Cluster } from './cluster.ts'
import { connectorError, isFault } from './faults.ts'
import { commitPositions, committedOf, withoutMember } from './positions.ts'
import { Transactions } from './transactions.ts'

interface Waiting {
  readonly batches: readonly Records[]
  readonly position: string | undefined
  readonly resolve: () => void
  readonly reject: (cause: unknown) => void
}

/** Bytes that one transaction takes together; what is more waits for the next. */
const togetherBytes = 8 << 20

/** How long a position that must be there is asked for again: a coordinator that has just come up may know less than it has. */
const lookAgainMs = 5000

/**
 * A producer's position is the metadata of an offset of a group of its own: it moves in the same transaction as the
 * records. The offset itself only counts the moves. Who never had one notes an empty one before anything else, so that
 * none at all, of a producer that Kafka knows, is a loss and no beginning.
 */
const positionGroup = (id: string): string => `murmur-producer-${encodeURIComponent(id)}`

/** Appends that arrive while a transaction is under way share the next one. @throws ConnectorError */
export async function openProducer(cluster: Cluster, id: string): Promise<Producer> {
  const group = positionGroup(id)
  const transactions = new Transactions(cluster, transactionalId(group, 'producer'))
  const known = await isKnown(cluster, transactions.id)
  if (!known && !(await lastPosition(cluster, group))) await begin(cluster, group)
  await transactions.open()
  let last = await lastPosition(cluster, group)
  for (
    const end = performance.now() + lookAgainMs;
    known && !last && performance.now() < end;
    await sleep(250)
  )
    last = await lastPosition(cluster, group)
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
    const topic = last?.topic ?? batches.find(({ count }) => count > 0)?.topic ?? (await topicsOf(cluster))[0]
    if (!topic)
      throw new ConnectorError(
        'UNKNOWN_TOPIC',
        `the producer "${id}" keeps its position beside a topic, and there is none: create the topics first`,
      )
    return { topic, partition: 0, offset: (last?.offset ?? 0) + 1, metadata }
  }

  return {
    get position() {
      if (last || !known) return last?.metadata
      throw new ConnectorError(
        'POSITION_LOST',
        `Kafka knows the producer "${id}", but its position no more: it was forgotten (offsets.retention.minutes), or the group "${group}" was deleted; to read the source from its beginning, with what was read already once more, give it another name`,
      )
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

/** Notes an empty position beside the first topic that the user may note one beside. */
async function begin(cluster: Cluster, group: string): Promise<void> {
  for (const topic of await topicsOf(cluster)) {
    const empty = { topic, partition: 0, offset: 0, metadata: undefined }
    try {
      return await commitPositions(cluster, withoutMember(group, [empty]))
    } catch (cause) {
      if (!isFault(cause, 'TOPIC_AUTHORIZATION_FAILED'))
        throw connectorError(cause, `noting the first position of "${group}"`)
    }
  }
}

const topicsOf = async (cluster: Cluster): Promise<string[]> =>
  (await cluster.metadata()).topics.flatMap(({ name, isInternal }) => (name && !isInternal ? [name] : []))

async function lastPosition(cluster: Cluster, group: string): Promise<Committed | undefined> {
  try {
    const positions = await committedOf(cluster, group)
    return positions.sort((a, b) => b.offset - a.offset)[0]
  } catch (cause) {
    throw connectorError(cause, `asking for the position of "${group}"`)
  }
}
