import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEnvironment } from '../connectors/embedded/environment.ts'
import { type EmbeddedLog, embeddedLog } from '../connectors/log/embedded.ts'
import { type Records, RecordsBuilder } from '../connectors/log/records.ts'
import type { Figure } from './machine.ts'

const records = 1_000_000
const perCommit = 1000
const recordBytes = 250
const partitions = 4

export const about =
  'The embedded log alone: a million records in, flushed to the disk by the thousand, and out again through a consumer group.'

export async function run(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'murmur-bench-'))
  const environment = openEnvironment(folder)
  const log = embeddedLog(environment)
  const retention = { retentionMs: Number.POSITIVE_INFINITY, retentionBytes: Number.POSITIVE_INFINITY }
  await log.createTopics([{ name: 'bench', partitions, ...retention }])
  try {
    const append = await measure(() => appendAll(log))
    const read = await measure(() => readAll(log))
    const latency = await latencies(log)
    return [
      {
        name: 'embedded log: append, flushed per 1,000 of 250 bytes',
        value: append.perSecond,
        unit: 'records/s',
        atLeast: 200_000,
      },
      { name: 'embedded log: append', value: append.cpuPerMillion, unit: 'CPU s/million' },
      {
        name: 'embedded log: read through a consumer group',
        value: read.perSecond,
        unit: 'records/s',
        atLeast: 500_000,
      },
      { name: 'embedded log: read', value: read.cpuPerMillion, unit: 'CPU s/million' },
      { name: 'embedded log: from append to committed claim, p50', value: latency.p50, unit: 'ms' },
      { name: 'embedded log: from append to committed claim, p99', value: latency.p99, unit: 'ms' },
    ]
  } finally {
    await log.close()
    await environment.close()
    rmSync(folder, { recursive: true })
  }
}

async function measure(work: () => Promise<void>) {
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const millions = records / 1_000_000
  return { perSecond: records / seconds, cpuPerMillion: (user + system) / 1_000_000 / millions }
}

async function appendAll(log: EmbeddedLog): Promise<void> {
  const producer = await log.producer('bench')
  for (let done = 0; done < records; done += perCommit)
    await producer.append([batchOf((done / perCommit) % partitions, perCommit)])
}

function batchOf(partition: number, count: number): Records {
  const builder = new RecordsBuilder('bench', partition)
  const value = Buffer.alloc(recordBytes - 16, 'v')
  for (let i = 0; i < count; i++) builder.add(`conversation ${i % 900}`.padEnd(16), value, Date.now())
  return builder.take()
}

async function readAll(log: EmbeddedLog): Promise<void> {
  let left = records
  await consume(log, 'readers', 'earliest', (count) => {
    left -= count
    return left === 0
  })
}

/** Consumes until `seen`, called after each commit with the records claimed, says that it is enough. */
async function consume(
  log: EmbeddedLog,
  group: string,
  from: 'earliest' | 'latest',
  seen: (count: number) => boolean,
  ready: () => void = () => {},
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const consumer = log.consume({
      group,
      topics: ['bench'],
      from,
      maxRecords: 10_000,
      maxBytes: 8_000_000,
      minRecords: 0,
      lingerMs: 0,
      onAssigned: async () => ready(),
      onRevoked: () => {},
      async onClaim(claim) {
        await claim.commit([])
        const count = claim.batches.reduce((sum, batch) => sum + batch.count, 0)
        if (seen(count)) void consumer.then((one) => one.stop()).then(resolve, reject)
      },
    })
    consumer.then(({ done }) => done).catch(reject)
  })
}

/** From the call of `append` to the claim, both flushed to the disk; a record at a time. */
async function latencies(log: EmbeddedLog): Promise<{ p50: number; p99: number }> {
  const rounds = 500
  const producer = await log.producer('latency')
  const times: number[] = []
  let sent = 0
  const send = () => {
    sent = performance.now()
    void producer.append([batchOf(0, 1)])
  }
  const seen = () => {
    times.push(performance.now() - sent)
    if (times.length < rounds) setTimeout(send, 2)
    return times.length === rounds
  }
  await consume(log, 'latency', 'latest', seen, () => setTimeout(send, 100))
  times.sort((a, b) => a - b)
  return { p50: times[rounds * 0.5] as number, p99: times[rounds * 0.99] as number }
}
