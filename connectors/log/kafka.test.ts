import { deleteRecordsV2 } from '@platformatic/kafka'
import { describeWith } from '../../servers/describe.ts'
import { kafkaMissing, startKafka } from '../../servers/kafka.ts'
import { rowsOf } from './contract/harness.ts'
import { logContract } from './contract.ts'
import { Cluster } from './kafka/cluster.ts'
import { settingsOf } from './kafka/options.ts'
import { kafkaLog } from './kafka.ts'
import type { Log } from './log.ts'
import { outputRoom } from './sizes.ts'

describeWith(kafkaMissing, 'the log on Kafka', () => {
  logContract('the log on Kafka', async () => {
    const server = await startKafka()
    const options = { brokers: server.brokers, heartbeatMs: 100 }
    const opened: Log[] = []
    return {
      maxRecordBytes: 10_485_760 - outputRoom,
      async open() {
        const log = kafkaLog(options)
        opened.push(log)
        return log
      },
      // The broker's own clock can't be set: what its retention would remove at that time is removed by hand
      async retain(log, now) {
        const cluster = new Cluster(settingsOf(options))
        for (const { name, retentionMs, offsets } of await log.topics()) {
          if (!Number.isFinite(retentionMs)) continue
          for (const [partition, { earliest }] of offsets.entries()) {
            const records = await log.read(name, partition, earliest, 1 << 20)
            const kept = records && rowsOf(records).find(({ timestamp }) => timestamp >= now - retentionMs)
            if (!kept) continue
            const partitions = [{ partitionIndex: partition, offset: BigInt(kept.offset) }]
            const target = { leader: { topic: name, partition } }
            await cluster.once(target, 'control', deleteRecordsV2.api, [{ name, partitions }], 5000)
          }
        }
        await cluster.close()
      },
      async close() {
        await Promise.all(opened.map((log) => log.close()))
        await server.stop()
      },
    }
  })
})
