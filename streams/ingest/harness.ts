import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { type Environment, openEnvironment } from '../../connectors/embedded/environment.ts'
import { ConnectorError, type ConnectorErrorCode } from '../../connectors/errors.ts'
import { embeddedLog } from '../../connectors/log/embedded.ts'
import type { Log } from '../../connectors/log/log.ts'
import { keyAt, nextOffset, valueAt } from '../../connectors/log/records.ts'
import { openSource, type SourceOptions } from '../../connectors/sources/open.ts'
import type { Topic } from '../../schemas/topic.ts'
import { utterances } from '../../schemas/topics.ts'
import { headerBytes, schemaIdOf } from '../../schemas/wire.ts'
import { type IngestOptions, ingest } from './ingest.ts'
import { compileMapping } from './mapping.ts'

export const now = Date.UTC(2026, 0, 1)

const partitions = 4
const destinations = new Map([
  ['utterances', { partitions, schemaId: 7 }],
  ['deadletters', { partitions, schemaId: 8 }],
])

const rowOf = (i: number) => ({
  id: `u${i}`,
  text: `text ${i}`,
  user: `user ${i % 50}`,
  occurredAt: 1.4e12 + i,
})
export const numbered = (count: number) => Array.from({ length: count }, (_, i) => rowOf(i))
export const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** What `faulty` asks at each append: undefined lets it pass; otherwise it fails, before or behind its commit. */
export type Fault = { readonly code: ConnectorErrorCode; readonly committed: boolean } | undefined

/** For each test an embedded log of its own, and a file to ingest. */
export function ingestHarness() {
  let folder: string
  let environment: Environment
  let log: Log
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'murmur-ingest-'))
    environment = openEnvironment(folder)
    log = embeddedLog(environment)
    const names = [...destinations.keys()]
    await log.createTopics(
      names.map((name) => ({ name, partitions, retentionMs: 1e12, retentionBytes: 1e12 })),
    )
  })
  afterEach(async () => {
    await log.close()
    await environment.close()
    await rm(folder, { recursive: true })
  })

  const path = () => join(folder, 'rows.jsonl')

  const open = (options?: SourceOptions) => openSource(path(), options)

  /** Ingests the file, or the source given. */
  function run(options: Partial<IngestOptions> & { pairs?: readonly string[] } = {}) {
    const source = options.source ?? open()
    return ingest({
      source,
      mapping: compileMapping(options.pairs ?? [], { source: source.id }),
      log,
      destinations,
      now,
      signal: new AbortController().signal,
      backoff: { firstMs: 1, maxMs: 2 },
      ...options,
    })
  }

  /** All that a topic holds, decoded, in order a partition. */
  async function everythingIn<T>({ name, codec }: Topic<T>) {
    const found: { key: string; timestamp: number; schemaId: number | undefined; value: T }[] = []
    for (let partition = 0; partition < partitions; partition++) {
      let records = await log.read(name, partition, 0, 1 << 20)
      while (records) {
        for (let i = 0; i < records.count; i++) {
          const bytes = valueAt(records, i)
          found.push({
            key: keyAt(records, i),
            timestamp: records.timestamps[i] as number,
            schemaId: schemaIdOf(bytes, 0, bytes.length),
            value: codec.decode(bytes, headerBytes, bytes.length),
          })
        }
        records = await log.read(name, partition, nextOffset(records), 1 << 20)
      }
    }
    return found
  }

  /** The log, with faults at some of its appends: `faultOf(n)` at the n-th. */
  function faulty(faultOf: (n: number) => Fault | Promise<Fault>): Log {
    let n = 0
    return {
      ...log,
      async producer(id) {
        const producer = await log.producer(id)
        return {
          get position() {
            return producer.position
          },
          async append(batches, position) {
            const fault = await faultOf(++n)
            if (!fault || fault.committed) await producer.append(batches, position)
            if (fault) throw new ConnectorError(fault.code, 'the disk is away')
          },
          close: () => producer.close(),
        }
      },
    }
  }

  return {
    lay: (content: string) => writeFile(path(), content),
    open,
    run,
    everythingIn,
    idsInLog: async () => (await everythingIn(utterances)).map(({ value }) => value.id).sort(),
    faulty,
  }
}
