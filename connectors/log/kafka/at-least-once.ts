import { initProducerIdV4 } from '@platformatic/kafka'
import type { Records } from '../records.ts'
import type { Cluster } from './cluster.ts'
import { connectorError } from './faults.ts'
import { commitPositions } from './positions.ts'
import { Appender } from './produce.ts'
import type { Offsets } from './transactions.ts'

/** Writes first and moves the group afterwards: a crash in between writes the same again. */
export class AtLeastOnce {
  #appender: Appender | undefined

  constructor(
    private readonly cluster: Cluster,
    readonly id: string,
  ) {}

  async open(): Promise<void> {
    const { cluster, id } = this
    try {
      const { producerId, producerEpoch } = await cluster.patiently(() =>
        cluster.once('any', `write ${id}`, initProducerIdV4.api, null, 0, -1n, -1),
      )
      const author = { producerId, epoch: producerEpoch, transactional: false }
      this.#appender = new Appender(cluster, author, id)
    } catch (cause) {
      throw connectorError(cause, 'opening a producer')
    }
  }

  async commit(batches: readonly Records[], offsets: Offsets | undefined): Promise<void> {
    if (!this.#appender) await this.open()
    try {
      await this.#appender?.append(batches)
      if (offsets) await commitPositions(this.cluster, offsets)
    } catch (cause) {
      // After a failure the sequences are unknown
      this.#appender = undefined
      throw connectorError(cause, `writing as "${this.id}"`)
    }
  }

  close(): void {
    this.cluster.hangUp(`write ${this.id}`)
  }
}
