import type { Environment } from '../embedded/environment.ts'
import { ConnectorError } from '../errors.ts'
import { startConsumer, type Timing } from './embedded/consumer.ts'
import { aliveIn, describeGroups, forgetGroup, moveTo } from './embedded/group.ts'
import {
  createTopic,
  describeTopics,
  headOf,
  offsetAtTime,
  partitionsOf,
  readFrom,
} from './embedded/partitions.ts'
import { openProducer } from './embedded/producer.ts'
import { sweep } from './embedded/retention.ts'
import { openSignals } from './embedded/signals.ts'
import type { Consumer, Log, OnRecords, Producer } from './log.ts'
import { nextOffset } from './records.ts'

/** Bytes that `tail` reads at once. */
const tailBytes = 1 << 20

export type EmbeddedLogOptions = Partial<Timing>

export interface EmbeddedLog extends Log {
  /**
   * Applies the topics' retention; call it now and then. It removes whole stored batches, a few at a time, and
   * never what a registered group has yet to read: an embedded log would sooner fill its disk than lose
   * something. Of several processes that call it, one does the work.
   * @param now milliseconds since the epoch
   * @returns the records removed
   */
  retain(now: number): Promise<number>
}

/**
 * The log on LMDB, for all processes of one machine that open the same folder.
 * @param leaseMs how long a member may stay silent before its partitions go to others. Default: 10,000
 * @param heartbeatMs how often a member gives a sign of life. Default: 1,000
 */
export function embeddedLog(
  environment: Environment,
  { leaseMs = 10_000, heartbeatMs = 1000 }: EmbeddedLogOptions = {},
): EmbeddedLog {
  const signals = openSignals(environment.folder)
  const consumers = new Set<Consumer>()
  const producers = new Set<Producer>()

  const appended = (topics: Iterable<string>) => {
    for (const topic of topics) signals.raise(topic)
  }

  /** Resolves when the topic may have grown, after a heartbeat, or when the signal aborts. */
  const changed = (topic: string, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const finish = () => {
        unlisten()
        clearTimeout(timeout)
        signal.removeEventListener('abort', finish)
        resolve()
      }
      const unlisten = signals.listen([topic], finish)
      const timeout = setTimeout(finish, heartbeatMs)
      signal.addEventListener('abort', finish)
    })

  async function drain(topic: string, positions: number[], onRecords: OnRecords, signal: AbortSignal) {
    for (const [partition, from] of positions.entries()) {
      environment.refresh()
      for (let offset = from; !signal.aborted; ) {
        const start = Math.max(offset, headOf(environment, topic, partition).earliest)
        const records = readFrom(environment, topic, partition, start, Number.POSITIVE_INFINITY, tailBytes)
        if (!records) break
        await onRecords(records)
        positions[partition] = offset = nextOffset(records)
      }
    }
  }

  const requireIdle = (group: string) => {
    const members = aliveIn(environment, group, leaseMs)
    if (members.length > 0)
      throw new ConnectorError(
        'GROUP_ACTIVE',
        `group "${group}" has ${members.length} members: stop them before changing its position`,
      )
  }

  return {
    async createTopics(topics) {
      environment.transaction(() => {
        for (const settings of topics) createTopic(environment, settings)
      })
    },
    async topics() {
      environment.refresh()
      return describeTopics(environment)
    },
    async producer(id) {
      const producer = openProducer(environment, id, appended)
      producers.add(producer)
      return producer
    },
    async read(topic, partition, offset, maxBytes) {
      environment.refresh()
      const { earliest } = headOf(environment, topic, partition)
      if (offset < earliest)
        throw new ConnectorError(
          'OFFSET_OUT_OF_RANGE',
          `offset ${offset} of ${topic}/${partition} is gone: the first one still there is ${earliest}`,
        )
      return readFrom(environment, topic, partition, offset, Number.POSITIVE_INFINITY, maxBytes)
    },
    async offsetAt(topic, partition, timestamp) {
      environment.refresh()
      return offsetAtTime(environment, topic, partition, timestamp)
    },
    async tail(topic, from, onRecords, signal) {
      const positions = [...from]
      while (!signal.aborted) {
        // Waits from before the reading on: nothing that is appended meanwhile goes unnoticed
        const grown = changed(topic, signal)
        await Promise.all([grown, drain(topic, positions, onRecords, signal)])
      }
    },
    async consume(subscription) {
      environment.refresh()
      for (const topic of subscription.topics) partitionsOf(environment, topic)
      const consumer = startConsumer(environment, signals, subscription, { leaseMs, heartbeatMs })
      consumers.add(consumer)
      const forget = () => consumers.delete(consumer)
      consumer.done.then(forget, forget)
      return consumer
    },
    async groups() {
      environment.refresh()
      return describeGroups(environment, leaseMs)
    },
    async forget(group) {
      environment.transaction(() => {
        requireIdle(group)
        forgetGroup(environment, group)
      })
    },
    async seek(group, positions) {
      environment.transaction(() => {
        requireIdle(group)
        for (const position of positions) {
          headOf(environment, position.topic, position.partition)
          moveTo(environment, group, position)
        }
      })
    },
    async transactions() {
      return []
    },
    async abort() {},
    retain: (now) => sweep(environment, now),
    async close() {
      await Promise.all([...consumers].map((consumer) => consumer.stop()))
      await Promise.all([...producers].map((producer) => producer.close()))
      signals.close()
    },
  }
}
