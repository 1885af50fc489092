import {
  describeGroupsV5,
  describeTransactionsV0,
  initProducerIdV4,
  listTransactionsV0,
} from '@platformatic/kafka'
import type { OpenTransaction } from '../log.ts'
import type { Cluster, Target } from './cluster.ts'
import { connectorError, isFault } from './faults.ts'

const mark = 'murmur'

/** A group's transactions bear its name, and that of the member that writes them. */
export const transactionalId = (group: string, owner: string): string =>
  `${mark}:${encodeURIComponent(group)}:${encodeURIComponent(owner)}`

const ownerOf = (id: string): string => decodeURIComponent(id.split(':')[2] ?? '')

/** The transactions that are open now, whoever's: each holds readers back. @throws ConnectorError */
export async function openTransactions(cluster: Cluster, prefix = ''): Promise<OpenTransaction[]> {
  const each = await cluster.ofEachBroker('listing transactions', async (broker) => {
    const { transactionStates } = await cluster.once(
      broker,
      'control',
      listTransactionsV0.api,
      [],
      [],
      -1n,
      null,
    )
    const ids = transactionStates
      .filter(
        ({ transactionalId, transactionState }) =>
          transactionalId.startsWith(prefix) && transactionState === 'Ongoing',
      )
      .map(({ transactionalId }) => transactionalId)
    return ids.length > 0 ? describe(cluster, broker, ids) : []
  })
  return each.flat()
}

async function describe(cluster: Cluster, broker: Target, ids: string[]): Promise<OpenTransaction[]> {
  const answer = await cluster.once(broker, 'control', describeTransactionsV0.api, ids)
  return answer.transactionStates.map(
    ({ transactionalId, transactionState, transactionStartTimeMs, transactionTimeoutMs, topics }) => ({
      id: transactionalId,
      state: transactionState,
      startedAt: Number(transactionStartTimeMs),
      timeoutMs: transactionTimeoutMs,
      partitions: topics.flatMap(({ topic, partitions }) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
    }),
  )
}

/** Whether the coordinator has ever heard of the id, and not forgotten it. @throws ConnectorError */
export async function isKnown(cluster: Cluster, id: string): Promise<boolean> {
  try {
    await cluster.patiently(() =>
      cluster.once({ transaction: id }, 'control', describeTransactionsV0.api, [id]),
    )
    return true
  } catch (cause) {
    if (isFault(cause, 'TRANSACTIONAL_ID_NOT_FOUND')) return false
    throw connectorError(cause, `asking for "${id}"`)
  }
}

/** Fences the id's owner, and aborts what it has open. @throws ConnectorError */
export async function abortTransaction(cluster: Cluster, id: string): Promise<void> {
  try {
    await cluster.patiently(() =>
      cluster.once(
        { transaction: id },
        'control',
        initProducerIdV4.api,
        id,
        cluster.settings.transactionTimeoutMs,
        -1n,
        -1,
      ),
    )
  } catch (cause) {
    throw connectorError(cause, `aborting the transaction of "${id}"`)
  }
}

/**
 * Aborts what former members have left open: until then nobody could read past it, and a group's positions would
 * stay in doubt. Who isn't a member of the group can't commit any more, so nothing is taken from anybody.
 * @throws ConnectorError
 */
export async function abortAbandoned(cluster: Cluster, group: string): Promise<void> {
  const open = await openTransactions(cluster, transactionalId(group, ''))
  if (open.length === 0) return
  const doing = `asking for the members of "${group}"`
  const { groups } = await cluster.insist(doing, { group }, 'control', describeGroupsV5.api, [group], false)
  const members = groups.flatMap((one) => one.members)
  const owners = new Set(members.flatMap(({ memberId, groupInstanceId }) => [memberId, groupInstanceId]))
  await Promise.all(
    open.filter(({ id }) => !owners.has(ownerOf(id))).map(({ id }) => abortTransaction(cluster, id)),
  )
}
