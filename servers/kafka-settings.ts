import { randomBytes } from 'node:crypto'
import { freePorts, host } from './ports.ts'

/** What stays the same when its brokers start again. */
export interface Cluster {
  readonly id: string
  readonly nodes: readonly NodePorts[]
}

interface NodePorts {
  /** Where clients come. */
  readonly client: number
  /** Where the brokers talk to each other, and the test as their operator. */
  readonly inside: number
  readonly controller: number
}

/** @param options.port of the first broker, for clients */
export async function newCluster({
  brokers = 1,
  port,
}: {
  readonly brokers?: number
  readonly port?: number
}): Promise<Cluster> {
  const ports = await freePorts(3 * brokers, port)
  const take = () => ports.shift() as number
  return {
    id: clusterId(),
    nodes: Array.from({ length: brokers }, () => ({ client: take(), inside: take(), controller: take() })),
  }
}

/** What makes a broker quick to test: few internal partitions, and nothing that waits for more than a second. */
const quick = {
  'auto.create.topics.enable': 'false',
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.num.partitions': '4',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  'log.retention.check.interval.ms': '1000',
  'log.initial.task.delay.ms': '1000',
  'log.segment.delete.delay.ms': '1000',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
  // A killed broker is found out sooner than after the default's 9 seconds
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
  'num.network.threads': '2',
  'num.io.threads': '4',
}

/** The properties of one broker of a cluster in which every node is broker and controller. */
export function brokerProperties(index: number, { nodes }: Cluster, data: string): Record<string, string> {
  const own = nodes[index]
  if (!own) throw new RangeError(`no broker ${index} among ${nodes.length}`)
  const replicas = String(Math.min(3, nodes.length))
  return {
    ...quick,
    'process.roles': 'broker,controller',
    'node.id': String(index + 1),
    'controller.quorum.voters': nodes.map((one, at) => `${at + 1}@${host}:${one.controller}`).join(','),
    listeners: `CLIENT://${host}:${own.client},INSIDE://${host}:${own.inside},CONTROLLER://${host}:${own.controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'INSIDE',
    'log.dirs': data,
    'default.replication.factor': replicas,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': String(Math.min(2, nodes.length)),
  }
}

/** One that begins with a dash would be taken for an option. */
function clusterId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url')
    if (!id.startsWith('-')) return id
  }
}
