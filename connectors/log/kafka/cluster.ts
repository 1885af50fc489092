import { setTimeout as sleep } from 'node:timers/promises'
import { type API, FindCoordinatorKeyTypes, findCoordinatorV4, metadataV12 } from '@platformatic/kafka'
import { ConnectorError } from '../../errors.ts'
import type { Place } from '../assign.ts'
import { type Address, Connections, type Purpose } from './connections.ts'
import { connectorError, isFault, isPassing, KafkaFault } from './faults.ts'
import type { KafkaSettings } from './options.ts'

/** Where a request goes: it is found out anew when the broker says that it is the wrong one. */
export type Target =
  | { readonly group: string }
  | { readonly transaction: string }
  | { readonly leader: { readonly topic: string; readonly partition: number } }
  | { readonly broker: number }
  | 'controller'
  | 'any'

type MetadataResponse = metadataV12.MetadataResponse

const firstPauseMs = 5
const maxPauseMs = 500
const settlingPauseMs = 10
/** So long a broker that did not answer is asked nothing that another can answer. */
const shunnedMs = 10_000
/** So long a topic may be unknown: a new one takes its time to reach every broker. */
const unknownForMs = 1000

/** The cluster as one client sees it: who leads what, and how to ask them. */
export class Cluster {
  readonly #connections: Connections
  readonly #coordinators = new Map<string, number>()
  readonly #brokers = new Map<number, Address>()
  readonly #leaders = new Map<string, readonly number[]>()
  /** Addresses that did not answer, and until when they are shunned. */
  readonly #shunned = new Map<string, number>()
  #controller = -1
  /** Bytes of the largest batch that a topic takes, where that is less than the settings say. */
  readonly batchBytes = new Map<string, number>()

  constructor(readonly settings: KafkaSettings) {
    this.#connections = new Connections(settings)
  }

  /** One try. @throws KafkaFault, after which the cluster is looked at anew where that may help */
  async once<Args extends unknown[], Response>(
    target: Target,
    purpose: Purpose,
    api: API<Args, Response>,
    ...args: Args
  ): Promise<Response> {
    let address: Address | undefined
    try {
      address = await this.#addressOf(target)
      return await this.#connections.request(address, purpose, api, ...args)
    } catch (cause) {
      if (address && isFault(cause, 'NETWORK', 'TIMEOUT'))
        this.#shunned.set(addressText(address), performance.now() + shunnedMs)
      if (isPassing(cause) && !isSettling(cause)) this.#forget(target)
      throw cause
    }
  }

  /**
   * Tries until the request succeeds, or fails in a way that repeating it can't mend, or time is up.
   * @throws ConnectorError
   */
  async insist<Args extends unknown[], Response>(
    doing: string,
    target: Target,
    purpose: Purpose,
    api: API<Args, Response>,
    ...args: Args
  ): Promise<Response> {
    try {
      return await this.patiently(() => this.once(target, purpose, api, ...args))
    } catch (cause) {
      throw connectorError(cause, doing)
    }
  }

  /** Repeats the work while its faults are passing ones. @throws KafkaFault */
  async patiently<T>(work: () => Promise<T>, withinMs = this.settings.requestTimeoutMs): Promise<T> {
    const deadline = performance.now() + withinMs
    for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, maxPauseMs)) {
      try {
        return await work()
      } catch (cause) {
        if (!isPassing(cause) || performance.now() + pause > deadline) throw cause
        // The end of a transaction is written in moments: who comes too early asks again soon
        if (isSettling(cause)) pause = Math.min(pause, settlingPauseMs)
        await sleep(pause)
      }
    }
  }

  /** The leaders of a topic's partitions, by partition. @throws UNKNOWN_TOPIC, UNAVAILABLE, UNAUTHORIZED */
  async leaders(topic: string): Promise<readonly number[]> {
    const deadline = performance.now() + unknownForMs
    for (;;) {
      const known = this.#leaders.get(topic)
      if (known) return known
      try {
        await this.patiently(() => this.#learn([topic]))
      } catch (cause) {
        throw connectorError(cause, `looking up the topic "${topic}"`)
      }
      if (this.#leaders.has(topic)) continue
      if (performance.now() > deadline)
        throw new ConnectorError('UNKNOWN_TOPIC', `there is no topic "${topic}"; create it first`)
      await sleep(50)
    }
  }

  /** The leader of a partition; -1: none just now. @throws UNKNOWN_TOPIC, UNAVAILABLE, UNAUTHORIZED */
  async leaderOf({ topic, partition }: Place): Promise<number> {
    // What is remembered of the topic may be from before it has grown
    if (partition >= (await this.leaders(topic)).length) this.forgetLeaders(topic)
    const leaders = await this.leaders(topic)
    const leader = leaders[partition]
    if (leader !== undefined) return leader
    throw new ConnectorError(
      'UNKNOWN_TOPIC',
      `topic "${topic}" has ${leaders.length} partitions, none is number ${partition}`,
    )
  }

  /** Every topic, as the cluster knows it now. @throws ConnectorError */
  async metadata(): Promise<MetadataResponse> {
    try {
      return await this.patiently(() => this.#learn(null))
    } catch (cause) {
      throw connectorError(cause, 'asking for the topics')
    }
  }

  /**
   * What every broker answers. One that dies meanwhile is asked until the cluster has given its part to others, and
   * then all are asked anew.
   * @throws ConnectorError
   */
  async ofEachBroker<T>(doing: string, ask: (target: Target) => Promise<T>): Promise<T[]> {
    try {
      return await this.patiently(async () => {
        await this.#learn([])
        return Promise.all([...this.#brokers.keys()].map((broker) => ask({ broker })))
      })
    } catch (cause) {
      throw connectorError(cause, doing)
    }
  }

  /** The partitions of a topic must be looked up again. */
  forgetLeaders(topic: string): void {
    this.#leaders.delete(topic)
  }

  /** Closes the connections of a purpose that is over. */
  hangUp(purpose: Purpose): void {
    this.#connections.hangUp(purpose)
  }

  close(): Promise<void> {
    return this.#connections.close()
  }

  async #addressOf(target: Target): Promise<Address> {
    if (target === 'any') {
      const known = [...this.#brokers.values()]
      const all = [...this.settings.brokers.map(parseAddress), ...known]
      const answering = all.filter((one) => !((this.#shunned.get(addressText(one)) ?? 0) > performance.now()))
      const among = answering.length > 0 ? answering : all
      return among[Math.floor(Math.random() * among.length)] as Address
    }
    const id = await this.#idOf(target)
    const address = this.#brokers.get(id)
    if (address) return address
    await this.#learn([])
    const found = this.#brokers.get(id)
    if (found) return found
    throw new KafkaFault('BROKER_NOT_AVAILABLE', `broker ${id} is not there now`, undefined, {
      cause: undefined,
    })
  }

  async #idOf(target: Exclude<Target, 'any'>): Promise<number> {
    if (target === 'controller') {
      if (this.#controller < 0) await this.#learn([])
      return this.#controller
    }
    if ('broker' in target) return target.broker
    if ('leader' in target) {
      const { topic, partition } = target.leader
      const leader = await this.leaderOf(target.leader)
      if (leader >= 0) return leader
      this.#leaders.delete(topic)
      throw new KafkaFault('LEADER_NOT_AVAILABLE', `${topic}/${partition} has no leader now`, undefined, {
        cause: undefined,
      })
    }
    return this.#coordinator(target)
  }

  async #coordinator(target: CoordinatorTarget): Promise<number> {
    const name = coordinatorName(target)
    const known = this.#coordinators.get(name)
    if (known !== undefined) return known
    const [type, key] =
      'group' in target
        ? [FindCoordinatorKeyTypes.GROUP, target.group]
        : [FindCoordinatorKeyTypes.TRANSACTION, target.transaction]
    const { coordinators } = await this.once('any', 'control', findCoordinatorV4.api, type, [key])
    const found = coordinators[0] as (typeof coordinators)[0]
    this.#brokers.set(found.nodeId, { host: found.host, port: found.port })
    this.#coordinators.set(name, found.nodeId)
    return found.nodeId
  }

  /** Asks for topics, or all, and notes who leads them. */
  async #learn(topics: readonly string[] | null): Promise<MetadataResponse> {
    const list = topics === null ? null : [...topics]
    const response = await this.once('any', 'control', metadataV12.api, list, false, false).catch((cause) => {
      // What is known of the other topics comes with the fault
      const partial = cause instanceof KafkaFault && (cause.response as MetadataResponse | undefined)
      if (
        partial &&
        (topics === null || isFault(cause, 'UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'))
      )
        return partial
      throw cause
    })
    this.#controller = response.controllerId
    this.#brokers.clear()
    for (const { nodeId, host, port } of response.brokers) this.#brokers.set(nodeId, { host, port })
    for (const { name, errorCode, partitions } of response.topics) {
      if (!name || errorCode !== 0 || partitions.length === 0) continue
      const leaders = new Array<number>(partitions.length).fill(-1)
      for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId
      this.#leaders.set(name, leaders)
    }
    return response
  }

  #forget(target: Target): void {
    if (typeof target === 'string') this.#controller = -1
    else if ('leader' in target) this.#leaders.delete(target.leader.topic)
    else if ('broker' in target) this.#leaders.clear()
    else this.#coordinators.delete(coordinatorName(target))
  }
}

const isSettling = (cause: unknown) => isFault(cause, 'CONCURRENT_TRANSACTIONS', 'UNSTABLE_OFFSET_COMMIT')

type CoordinatorTarget = Extract<Target, { group: string } | { transaction: string }>

const coordinatorName = (target: CoordinatorTarget): string =>
  'group' in target ? `group ${target.group}` : `transaction ${target.transaction}`

const addressText = ({ host, port }: Address): string => `${host}:${port}`

/** `host:port`, or `host` alone; an address of IPv6 stands in brackets. */
function parseAddress(text: string): Address {
  const { hostname, port } = new URL(`kafka://${text}`)
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 9092 : Number(port) }
}
