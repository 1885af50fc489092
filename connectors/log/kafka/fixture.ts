import {
  ConfigResourceTypes,
  IncrementalAlterConfigOperationTypes,
  incrementalAlterConfigsV1,
} from '@platformatic/kafka'
import { onTestFinished } from 'vitest'
import type { KafkaServer } from '../../../servers/kafka.ts'
import { kafkaLog } from '../kafka.ts'
import type { Log } from '../log.ts'
import { Cluster } from './cluster.ts'
import { type KafkaLogOptions, settingsOf } from './options.ts'

/** A client of the broker under test, closed with the test. Quick to notice what is wrong. */
export function openLog(server: KafkaServer, options: Partial<KafkaLogOptions> = {}): Log {
  const log = kafkaLog({ brokers: server.brokers, heartbeatMs: 100, ...options })
  onTestFinished(() => log.close())
  return log
}

/** The brokers as their operator sees them: everything is allowed. */
export function operator(server: KafkaServer): Cluster {
  const cluster = new Cluster(settingsOf({ brokers: server.inside }))
  onTestFinished(() => cluster.close())
  return cluster
}

/** Sets one of a topic's own settings, as its operator may. */
export async function setTopic(
  cluster: Cluster,
  resourceName: string,
  name: string,
  value: string,
): Promise<void> {
  const config = { name, value, configOperation: IncrementalAlterConfigOperationTypes.SET }
  const topic = { resourceType: ConfigResourceTypes.TOPIC, resourceName, configs: [config] }
  await cluster.insist('setting', 'controller', 'control', incrementalAlterConfigsV1.api, [topic], false)
}
