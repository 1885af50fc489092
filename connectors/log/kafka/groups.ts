import { deleteGroupsV2, describeGroupsV5, listGroupsV4 } from '@platformatic/kafka'
import { ConnectorError } from '../../errors.ts'
import type { GroupDescription, Position } from '../log.ts'
import type { Cluster } from './cluster.ts'
import { connectorError, isFault } from './faults.ts'
import { commitPositions, committedOf, withoutMember } from './positions.ts'

/** @throws ConnectorError */
export async function describeGroups(cluster: Cluster): Promise<GroupDescription[]> {
  const each = await cluster.ofEachBroker('listing the groups', (broker) =>
    cluster.once(broker, 'control', listGroupsV4.api, [], []),
  )
  const ids = each.flatMap(({ groups }) => groups.map(({ groupId }) => groupId))
  const names = new Set(ids.filter((id) => !isProducers(id)))
  return Promise.all([...names].map((group) => describe(cluster, group)))
}

/** The positions of producers are kept as groups: they are nobody's to read. */
const isProducers = (group: string): boolean => group.startsWith('murmur-producer-')

async function describe(cluster: Cluster, group: string): Promise<GroupDescription> {
  try {
    return { group, members: await membersOf(cluster, group), committed: await committedOf(cluster, group) }
  } catch (cause) {
    throw connectorError(cause, `asking for the group "${group}"`)
  }
}

async function membersOf(cluster: Cluster, group: string): Promise<string[]> {
  const { groups } = await cluster.patiently(() =>
    cluster.once({ group }, 'control', describeGroupsV5.api, [group], false),
  )
  return groups.flatMap(({ members }) =>
    members.map(({ groupInstanceId, memberId }) => groupInstanceId ?? memberId),
  )
}

/** @throws GROUP_ACTIVE while the group has members; ConnectorError */
export async function seekGroup(
  cluster: Cluster,
  group: string,
  positions: readonly Position[],
): Promise<void> {
  try {
    const committed = positions.map((position) => ({ ...position, metadata: undefined }))
    await commitPositions(cluster, withoutMember(group, committed))
  } catch (cause) {
    // A group with members takes nothing from who isn't one
    if (isFault(cause, 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'))
      throw active(group)
    throw connectorError(cause, `moving the group "${group}"`)
  }
}

/** @throws GROUP_ACTIVE while the group has members; ConnectorError */
export async function forgetGroup(cluster: Cluster, group: string): Promise<void> {
  try {
    await cluster.patiently(() => cluster.once({ group }, 'control', deleteGroupsV2.api, [group]))
  } catch (cause) {
    if (isFault(cause, 'NON_EMPTY_GROUP')) throw active(group)
    if (!isFault(cause, 'GROUP_ID_NOT_FOUND')) throw connectorError(cause, `forgetting the group "${group}"`)
  }
}

const active = (group: string): ConnectorError =>
  new ConnectorError('GROUP_ACTIVE', `group "${group}" has members: stop them before changing its position`)
