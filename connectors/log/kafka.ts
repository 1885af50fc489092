import { abortTransaction, openTransactions } from './kafka/abandoned.ts'
import { Cluster } from './kafka/cluster.ts'
import { startConsumer } from './kafka/consumer.ts'
import { describeGroups, forgetGroup, seekGroup } from './kafka/groups.ts'
import { type KafkaLogOptions, settingsOf } from './kafka/options.ts'
import { openProducer } from './kafka/producer.ts'
import { findByTime, follow, readOnce } from './kafka/reading.ts'
import { createTopics, describeTopics } from './kafka/topics.ts'
import type { Consumer, Log, Producer } from './log.ts'

export type { KafkaLogOptions } from './kafka/options.ts'

/** The log on Kafka. It connects on first use, and comes back by itself when brokers do. */
export function kafkaLog(options: KafkaLogOptions): Log {
  const cluster = new Cluster(settingsOf(options))
  const consumers = new Set<Consumer>()
  const producers = new Set<Producer>()
  return {
    createTopics: (topics) => createTopics(cluster, topics),
    topics: () => describeTopics(cluster),
    async producer(id) {
      const producer = await openProducer(cluster, id)
      producers.add(producer)
      return producer
    },
    read: (topic, partition, offset, maxBytes) => readOnce(cluster, topic, partition, offset, maxBytes),
    offsetAt: (topic, partition, timestamp) => findByTime(cluster, topic, partition, timestamp),
    tail: (topic, from, onRecords, signal) => follow(cluster, topic, from, onRecords, signal),
    async consume(subscription) {
      for (const topic of subscription.topics) await cluster.leaders(topic)
      const consumer = startConsumer(cluster, subscription)
      consumers.add(consumer)
      const forget = () => consumers.delete(consumer)
      consumer.done.then(forget, forget)
      return consumer
    },
    groups: () => describeGroups(cluster),
    seek: (group, positions) => seekGroup(cluster, group, positions),
    forget: (group) => forgetGroup(cluster, group),
    transactions: () => openTransactions(cluster),
    abort: (id) => abortTransaction(cluster, id),
    async close() {
      await Promise.all([...consumers].map((consumer) => consumer.stop()))
      await Promise.all([...producers].map((producer) => producer.close()))
      await cluster.close()
    },
  }
}
