import { ConnectorError } from '../../connectors/errors.ts'
import type { Claim, Log } from '../../connectors/log/log.ts'
import { nextOffset, type Records } from '../../connectors/log/records.ts'
import type { Olap } from '../../connectors/olap/olap.ts'
import type { Registry } from '../../connectors/registry/registry.ts'
import type { AvroSchema } from '../../schemas/codec.ts'
import { deadletters } from '../../schemas/topics.ts'
import type { Rejection } from '../message.ts'
import { deadLetter } from '../runtime/deadletters.ts'
import { Encoder } from '../runtime/encoder.ts'
import { defaultFlood, FloodGuard, type FloodSettings } from '../runtime/flood.ts'
import { Meter } from '../runtime/meter.ts'
import type { RunningProcessor } from '../runtime/processor.ts'
import { type Backoff, defaultBackoff, persist } from '../runtime/retry.ts'
import { advance, encodePromises, type Progress, plan, type Range, resume } from './promises.ts'
import { type BlockStats, type Target, writeBlock } from './writer.ts'

export interface SinkOptions {
  readonly log: Log
  readonly olap: Olap
  readonly registry: Registry
  /** By topic. */
  readonly tables: Readonly<Record<string, Target>>
  /** Makes the tables; tried until it works, before the first block goes in. What no try can mend ends the sink. */
  readonly prepare?: () => Promise<void>
  /** The consumer group; `sink` unless told. */
  readonly group?: string
  /** A claim's most records, over all partitions. Default: 20,000 */
  readonly maxRecords?: number
  /** Default: 64 MiB */
  readonly maxBytes?: number
  /** How long a claim waits to be full: what a row's way into its table takes longer. Default: 500 */
  readonly lingerMs?: number
  readonly backoff?: Backoff
  readonly flood?: FloodSettings
  readonly now?: () => number
  readonly onBlock?: (stats: BlockStats) => void
  /** Told of everything that could not go into its table, also of dead letters, which are then passed over. */
  readonly onRefused?: (rejection: Rejection) => void
}

/** A claim's batch, the blocks that it is written as, and what is known of its partition. */
interface Work {
  readonly batch: Records
  readonly progress: Progress
  readonly blocks: readonly Range[]
}

/**
 * The processor that writes topics into tables, exactly once: a claim's blocks are recorded in the log, then
 * inserted under tokens made of their ranges, then committed. After a crash the same blocks come again, and
 * the tables drop those that they have. The Avro bytes go through as they are.
 * @throws where a connector doesn't answer
 */
export async function startSink(options: SinkOptions): Promise<RunningProcessor> {
  const { log, olap, registry, tables, group = 'sink', backoff = defaultBackoff, now = Date.now } = options
  const { onRefused = () => {} } = options
  const meter = new Meter('sink', now)
  const onBlock = (stats: BlockStats) => {
    meter.onStage(`insert ${stats.topic}`, stats.rows, stats.ms)
    options.onBlock?.(stats)
  }
  const flood = new FloodGuard(options.flood ?? defaultFlood)
  const stopping = new AbortController()
  const partitions = new Map<string, Progress>()
  const encoder = await deadLetterEncoder(log, registry)
  const schemas = new Map<number, AvroSchema>()

  async function schemaOf(id: number): Promise<AvroSchema> {
    const schema = schemas.get(id) ?? (await registry.schema(id))
    schemas.set(id, schema)
    return schema
  }

  async function write(claim: Claim, end: AbortSignal): Promise<void> {
    const works = claim.batches.map((batch): Work => {
      const progress = partitions.get(placeOf(batch)) as Progress
      return { batch, progress, blocks: plan(progress, nextOffset(batch) - 1) }
    })
    const insist = <T>(work: () => Promise<T>) => persist(meter, backoff, end, work)
    const parts = { log, olap, tables, schemaOf, flood, now, onBlock, persist: insist }
    await insist(() =>
      claim.record(works.map(({ blocks, progress }) => encodePromises(blocks, progress.written))),
    )
    const refused: Rejection[] = []
    for (const { batch, progress, blocks } of works) {
      for (const block of blocks)
        if (block.last > progress.written) refused.push(...(await writeBlock(parts, batch, block)))
    }
    const after = works.map(({ batch, blocks }) => advance(blocks, nextOffset(batch) - 1))
    await commit(claim, refused, after, insist)
    for (const [index, { batch }] of works.entries()) partitions.set(placeOf(batch), after[index] as Progress)
  }

  async function commit(
    claim: Claim,
    refused: readonly Rejection[],
    after: readonly Progress[],
    insist: <T>(work: () => Promise<T>) => Promise<T>,
  ): Promise<void> {
    const total = claim.batches.reduce((sum, { count }) => sum + count, 0)
    flood.check(performance.now(), total, refused.length, refused.at(-1)?.reason ?? '')
    const letters = refused
      .filter(({ message }) => message.origin.records.topic !== deadletters.name)
      .map((rejection) => deadLetter(rejection, 'sink', now()))
    const outputs = encoder.encode([[deadletters, letters]])
    // A block that reaches beyond this claim stays promised: a crash before the next record must not move its end
    const promises = after.map(({ promised, written }) =>
      promised.length > 0 ? encodePromises(promised, written) : '',
    )
    await insist(() => claim.commit(outputs, undefined, promises))
    for (const rejection of refused) onRefused(rejection)
    flood.count(performance.now(), total, refused.length)
    meter.done(claim.batches, outputs, refused.length)
  }

  const prepared = persist(meter, backoff, stopping.signal, options.prepare ?? (async () => {})).catch(
    (error: unknown) => {
      if (!stopping.signal.aborted) throw error
    },
  )
  // Said below, by `done`: not while this function still waits for the group
  prepared.catch(() => {})

  const consumer = await log.consume({
    group,
    topics: Object.keys(tables),
    from: 'earliest',
    maxRecords: options.maxRecords ?? 20_000,
    maxBytes: options.maxBytes ?? 64 << 20,
    minRecords: options.maxRecords ?? 20_000,
    lingerMs: options.lingerMs ?? 500,
    async onAssigned(assigned) {
      for (const committed of assigned) partitions.set(placeOf(committed), resume(committed))
    },
    onFault: (reason) => meter.fault(reason),
    onRevoked(lost) {
      for (const place of lost) partitions.delete(placeOf(place))
    },
    async onClaim(claim) {
      const end = AbortSignal.any([stopping.signal, claim.signal])
      meter.begin()
      try {
        await prepared
        end.throwIfAborted()
        await write(claim, end)
      } catch (error) {
        const lost = error instanceof ConnectorError && error.code === 'FENCED'
        if (!lost && !end.aborted) throw error
        meter.givenUp()
      }
    },
  })
  const done = meter.follow(Promise.all([prepared, consumer.done]).then(() => {}))
  return {
    meter,
    done,
    async stop() {
      stopping.abort()
      await consumer.stop()
    },
  }
}

const placeOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string =>
  `${topic}/${partition}`

async function deadLetterEncoder(log: Log, registry: Registry): Promise<Encoder> {
  const schemaId = await registry.register(`${deadletters.name}-value`, deadletters.codec.schema)
  const { name } = deadletters
  const topic = (await log.topics()).find((one) => one.name === name)
  return new Encoder(new Map([[name, { name, schemaId, partitions: topic?.partitions ?? 1 }]]))
}
