import {
  addOffsetsToTxnV3,
  addPartitionsToTxnV3,
  endTxnV3,
  initProducerIdV4,
  txnOffsetCommitV3,
} from '@platformatic/kafka'
import { ConnectorError } from '../../errors.ts'
import { settled } from '../../settled.ts'
import { type Place, placeName } from '../assign.ts'
import type { Committed } from '../log.ts'
import type { Records } from '../records.ts'
import type { Cluster } from './cluster.ts'
import type { Purpose } from './connections.ts'
import { connectorError, isFault, isFenced, isPassing } from './faults.ts'
import { byTopic, positionsByTopic } from './places.ts'
import { Appender } from './produce.ts'

/** A group's new positions, and who commits them: the coordinator refuses a member of an earlier generation. */
export interface Offsets {
  readonly group: string
  readonly generation: number
  readonly member: string
  readonly instance: string | null
  readonly positions: readonly Committed[]
}

interface Session {
  readonly producerId: bigint
  readonly epoch: number
  readonly appender: Appender
}

const nobody = { producerId: -1n, epoch: -1 }

/** A transactional id, and one transaction after the other under it. Not for several at once. */
export class Transactions {
  #session: Session | undefined
  /** Another may have taken the id over: it is not taken back but by `open`. */
  #fenced = false
  /** A transaction's end is unknown, or its sequences are: the id must be opened again before the next one. */
  #broken = false

  constructor(
    private readonly cluster: Cluster,
    readonly id: string,
  ) {}

  get #purpose(): Purpose {
    return `write ${this.id}`
  }

  /**
   * Opens the id: whoever had it before is fenced, and its open transaction aborted. When this returns, the outcome
   * of every earlier transaction of the id is settled.
   * @throws ConnectorError
   */
  async open(): Promise<void> {
    this.#fenced = false
    await this.#init(nobody)
  }

  /**
   * Writes records and moves a group, all or nothing.
   * @throws FENCED, RECORD_TOO_LARGE, UNKNOWN_TOPIC, UNAVAILABLE, UNAUTHORIZED: then nothing was written, or, where
   * it is FENCED, what became of it is seen only by the one who opens the id next
   */
  async commit(batches: readonly Records[], offsets: Offsets | undefined): Promise<void> {
    if (this.#broken && !this.#fenced) await this.#init(this.#session ?? nobody)
    const session = this.#session
    if (this.#fenced || !session)
      throw new ConnectorError(
        'FENCED',
        `"${this.id}" was taken over, or its last transaction's end is unknown: open it again`,
      )
    const places = placesOf(batches)
    if (places.length === 0 && !offsets) return
    for (const place of places) await this.cluster.leaderOf(place)
    this.#broken = true
    try {
      await this.#write(session, batches, places, offsets)
    } catch (cause) {
      const failure = await this.#aborted(cause)
      // It is known now what the topic takes
      if (isFault(cause, 'MESSAGE_TOO_LARGE') && session.appender.shrunk && !this.#broken)
        return this.commit(batches, offsets)
      throw failure
    }
    await this.#end(session)
    this.#broken = false
  }

  close(): void {
    this.cluster.hangUp(this.#purpose)
  }

  async #write(
    { producerId, epoch, appender }: Session,
    batches: readonly Records[],
    places: readonly Place[],
    offsets: Offsets | undefined,
  ): Promise<void> {
    const { cluster, id } = this
    const target = { transaction: id }
    const purpose = this.#purpose
    const author = [id, producerId, epoch] as const
    const patiently = <T>(work: () => Promise<T>) => cluster.patiently(work)
    const topics = byTopic(places).map(([name, of]) => ({
      name,
      partitions: of.map(({ partition }) => partition),
    }))
    const enlist: Promise<unknown>[] = []
    if (places.length > 0)
      enlist.push(
        patiently(() =>
          cluster.once(target, purpose, addPartitionsToTxnV3.api, [
            { transactionalId: id, producerId, producerEpoch: epoch, verifyOnly: false, topics },
          ]),
        ),
      )
    if (offsets)
      enlist.push(
        patiently(() => cluster.once(target, purpose, addOffsetsToTxnV3.api, ...author, offsets.group)),
      )
    await settled(enlist)
    const writes: Promise<unknown>[] = [appender.append(batches)]
    if (offsets) {
      const { group, generation, member, instance, positions } = offsets
      writes.push(
        patiently(() =>
          cluster.once(
            { group },
            purpose,
            txnOffsetCommitV3.api,
            id,
            group,
            producerId,
            epoch,
            generation,
            member,
            instance,
            positionsByTopic(positions),
          ),
        ),
      )
    }
    await settled(writes)
  }

  /** Whether it was committed is unknown until the coordinator says so: asked until it does, or time is up. */
  async #end({ producerId, epoch }: Session): Promise<void> {
    const { cluster, id } = this
    try {
      await cluster.patiently(
        () => cluster.once({ transaction: id }, this.#purpose, endTxnV3.api, id, producerId, epoch, true),
        cluster.settings.transactionTimeoutMs,
      )
    } catch (cause) {
      if (!isFenced(cause) && !isPassing(cause)) throw connectorError(cause, `committing as "${id}"`)
      this.#fenced = true
      const unknown = `whether "${id}" could commit is unknown: ${(cause as Error).message}`
      throw new ConnectorError('FENCED', unknown, { cause })
    }
  }

  /** Opening the id again under the present epoch aborts, and fails where another has taken the id over. */
  async #aborted(cause: unknown): Promise<ConnectorError> {
    await this.#init(this.#session ?? nobody).catch(() => {})
    // The id is still this one's: the broker had forgotten of the transaction, or of its producer
    if (!this.#broken && isFault(cause, 'INVALID_PRODUCER_EPOCH', 'INVALID_TXN_STATE', 'UNKNOWN_PRODUCER_ID'))
      return new ConnectorError('UNAVAILABLE', `writing as "${this.id}": ${cause.message}`, { cause })
    return connectorError(cause, `writing as "${this.id}"`)
  }

  async #init({ producerId, epoch }: { readonly producerId: bigint; readonly epoch: number }): Promise<void> {
    const { cluster, id } = this
    try {
      const answer = await cluster.patiently(() =>
        cluster.once(
          { transaction: id },
          this.#purpose,
          initProducerIdV4.api,
          id,
          cluster.settings.transactionTimeoutMs,
          producerId,
          epoch,
        ),
      )
      const author = { producerId: answer.producerId, epoch: answer.producerEpoch, transactional: true }
      this.#session = { ...author, appender: new Appender(cluster, author, id) }
      this.#broken = false
    } catch (cause) {
      if (isFenced(cause)) this.#fenced = true
      throw connectorError(cause, `opening the producer "${id}"`)
    }
  }
}

/** The partitions that are written to, once each. */
function placesOf(batches: readonly Records[]): Place[] {
  const places = new Map<string, Place>()
  for (const { topic, partition, count } of batches)
    if (count > 0) places.set(placeName({ topic, partition }), { topic, partition })
  return [...places.values()]
}
