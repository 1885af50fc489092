import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { heartbeatV4, joinGroupV9, leaveGroupV5, syncGroupV5 } from '@platformatic/kafka'
import { ConnectorError } from '../../errors.ts'
import { assign, type Place, placeName } from '../assign.ts'
import type { Cluster } from './cluster.ts'
import type { Purpose } from './connections.ts'
import { isFault } from './faults.ts'
import {
  decodeAssignment,
  decodeWish,
  encodeAssignment,
  encodeWish,
  protocolType,
  strategy,
  type Wish,
} from './protocol.ts'

const leaveMs = 1000

type JoinGroupResponse = joinGroupV9.JoinGroupResponse

/** One member of a consumer group, by the classic group protocol, which every Kafka since 2.3 speaks. */
export class Membership {
  member = ''
  generation = -1
  /** Whether this member shares the partitions out. */
  leads = false
  /** The partitions of each topic, as this member last shared them out. */
  #shared: ReadonlyMap<string, number> | undefined
  #joining: Promise<unknown> | undefined
  #over = false
  /** What a member waits for is no other's to wait for. */
  readonly #purpose: Purpose = `join ${randomUUID()}`

  constructor(
    private readonly cluster: Cluster,
    private readonly group: string,
    private readonly topics: readonly string[],
  ) {}

  get instance(): string | null {
    const { instance } = this.cluster.settings
    return instance === undefined ? null : `${instance}/${this.group}`
  }

  /**
   * Joins, or joins again after a rebalance was announced.
   * @param owned what this member holds and would like to keep
   * @returns what it is to hold from now on
   * @throws KafkaFault; where others may hold what this member holds: it must give up everything and join anew
   */
  async join(owned: readonly Place[]): Promise<readonly Place[]> {
    const joining = this.#joinUntilKnown(owned)
    this.#joining = joining.catch(() => {})
    return joining
  }

  async #joinUntilKnown(owned: readonly Place[]): Promise<readonly Place[]> {
    for (;;) {
      if (this.#over) {
        // Who left while it joined must not stay behind as a member that nobody hears of
        await this.#sayGoodbye()
        throw new ConnectorError('FENCED', `the member of group "${this.group}" has left`)
      }
      try {
        const joined = await this.#join(owned)
        if (!this.#over) return await this.#synchronise(joined)
      } catch (cause) {
        if (isFault(cause, 'MEMBER_ID_REQUIRED'))
          this.member = (cause.response as JoinGroupResponse).memberId ?? ''
        else if (!isFault(cause, 'UNKNOWN_MEMBER_ID')) throw cause
        else {
          this.forget()
          if (owned.length > 0) throw cause
        }
      }
    }
  }

  /**
   * Takes over the shares of a generation. One that is over before this member heard of its share may have given its
   * partitions to others: that fault is not for repeating with the same wish.
   */
  async #synchronise(joined: JoinGroupResponse): Promise<readonly Place[]> {
    this.#shared = undefined
    const shares = joined.leader === this.member && !joined.skipAssignment ? await this.#share(joined) : []
    this.leads = joined.leader === this.member
    const { assignment } = await this.#ask(
      syncGroupV5.api,
      this.group,
      this.generation,
      this.member,
      this.instance,
      protocolType,
      strategy,
      shares,
    )
    return decodeAssignment(assignment)
  }

  /** @throws KafkaFault: REBALANCE_IN_PROGRESS, or what says that the group knows this member no longer */
  async heartbeat(): Promise<void> {
    const { cluster, group, generation, member, instance } = this
    await cluster.once({ group }, 'control', heartbeatV4.api, group, generation, member, instance)
  }

  /** Leaves, so that the others need not wait for the session to run out. Takes no longer than a second. */
  async leave(): Promise<void> {
    this.#over = true
    const gone = this.#sayGoodbye().catch(() => {})
    await Promise.race([Promise.all([gone, this.#joining]), sleep(leaveMs)])
    this.cluster.hangUp(this.#purpose)
  }

  /** Whether the topics have other partitions now than were shared out: then the one who leads must join again. */
  async outgrown(): Promise<boolean> {
    const shared = this.#shared
    if (!shared) return true
    const now = await this.#partitionsOf([...shared.keys()])
    return [...shared].some(([topic, partitions]) => partitions !== now.get(topic))
  }

  async #sayGoodbye(): Promise<void> {
    if (this.member === '') return
    const { cluster, group, member, instance } = this
    this.forget()
    await cluster.once({ group }, 'control', leaveGroupV5.api, group, [
      { memberId: member, groupInstanceId: instance, reason: 'stopped' },
    ])
  }

  forget(): void {
    this.member = ''
    this.generation = -1
    this.leads = false
  }

  async #join(owned: readonly Place[]): Promise<JoinGroupResponse> {
    const { sessionTimeoutMs, rebalanceTimeoutMs } = this.cluster.settings
    const joined = await this.#ask(
      joinGroupV9.api,
      this.group,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      this.member,
      this.instance,
      protocolType,
      [{ name: strategy, metadata: encodeWish({ topics: this.topics, owned }) }],
    )
    this.member = joined.memberId ?? ''
    this.generation = joined.generationId
    return joined
  }

  /** The leader's part: shares the partitions out among all members, moving as few as may be. */
  async #share({ members }: JoinGroupResponse): Promise<{ memberId: string; assignment: Buffer }[]> {
    const wishes = new Map<string, Wish>(
      members.map(({ memberId, metadata }) => [memberId, decodeWish(metadata ?? Buffer.alloc(0))]),
    )
    const topics = [...new Set([...wishes.values()].flatMap((wish) => wish.topics))].sort()
    this.#shared = await this.#partitionsOf(topics)
    const places = [...this.#shared].flatMap(([topic, partitions]) =>
      Array.from({ length: partitions }, (_, partition): Place => ({ topic, partition })),
    )
    const owners = new Map(
      [...wishes].flatMap(([member, { owned }]) => owned.map((place) => [placeName(place), member])),
    )
    const target = assign(new Map([...wishes].map(([member, wish]) => [member, wish.topics])), places, owners)
    return [...wishes.keys()].map((memberId) => ({
      memberId,
      assignment: encodeAssignment(places.filter((place) => target.get(placeName(place)) === memberId)),
    }))
  }

  /** How many each topic has, as the cluster has it now. Others' topics that are not there have none. */
  async #partitionsOf(topics: readonly string[]): Promise<Map<string, number>> {
    const partitions = new Map<string, number>()
    for (const topic of topics) {
      this.cluster.forgetLeaders(topic)
      try {
        partitions.set(topic, (await this.cluster.leaders(topic)).length)
      } catch (cause) {
        if (this.topics.includes(topic) || !(cause instanceof ConnectorError) || cause.retryable) throw cause
        partitions.set(topic, 0)
      }
    }
    return partitions
  }

  #ask<Args extends unknown[], Response>(
    api: Parameters<typeof this.cluster.once<Args, Response>>[2],
    ...args: Args
  ): Promise<Response> {
    return this.cluster.patiently(() => this.cluster.once({ group: this.group }, this.#purpose, api, ...args))
  }
}
