import type { Consumer, Log } from '../../connectors/log/log.ts'
import type { Registry } from '../../connectors/registry/registry.ts'
import type { Store } from '../../connectors/store/store.ts'
import { deadletters } from '../../schemas/topics.ts'
import type { Stage } from '../stage.ts'
import { inputTopics } from './chain.ts'
import { ClaimWorker } from './claims.ts'
import { Decoder } from './decoder.ts'
import { destinationsOf, Encoder } from './encoder.ts'
import { recordId } from './execution.ts'
import { defaultFlood, FloodGuard, type FloodSettings } from './flood.ts'
import type { Intake } from './intake.ts'
import { Meter } from './meter.ts'
import { type Backoff, defaultBackoff, persist } from './retry.ts'
import { KeyedStates } from './states.ts'

/** A processor: a group of stages that run together, with one consumer group and one transaction a batch. */
export interface Processor {
  readonly name: string
  readonly stages: readonly Stage[]
  /** Topics between the stages that are written too, in the same transaction. */
  readonly publish?: readonly string[]
  /** How other programs' records are taken from one of its input topics. */
  readonly intake?: Intake
}

export interface ProcessorSettings {
  /** Name of the consumer group, and of the state; the processor's name unless told. */
  readonly group?: string
  readonly from?: 'earliest' | 'latest'
  readonly maxRecords?: number
  readonly maxBytes?: number
  readonly minRecords?: number
  readonly lingerMs?: number
  readonly backoff?: Backoff
  readonly flood?: FloodSettings
  /** So many states are kept in memory; the store is asked for the rest. Default: 8,000 */
  readonly cachedStates?: number
  /** After each so many failed attempts at a batch, the messages at fault are looked for. */
  readonly poisonAfter?: number
  /** Records that killed the process before, as "topic/partition/offset": they are refused unseen. */
  readonly deadly?: readonly string[]
  /** The topic that is written in place of an output topic; undefined: nothing is. Only replays need this. */
  readonly rename?: (topic: string) => string | undefined
  /** By partition, the offset before which to end: what comes later is left to others. */
  readonly until?: ReadonlyMap<number, number>
  /** Told a record's id before it is processed; records are then taken one at a time. */
  readonly onRecord?: (id: string) => void
}

/** What a processor runs on. */
export interface Connectors {
  readonly log: Log
  readonly store: Store
  readonly registry: Registry
  readonly now?: () => number
}

export interface RunningProcessor {
  readonly meter: Meter
  /** Resolves after `stop`; rejects where the processor can't go on. */
  readonly done: Promise<void>
  /** Lets the batch in hand finish, then leaves the group. */
  stop(): Promise<void>
}

/**
 * Joins the group and processes until stopped.
 * @throws where a stage can't open or a connector doesn't answer
 */
export async function startProcessor(
  { name, stages, publish, intake }: Processor,
  settings: ProcessorSettings,
  { log, store, registry, now = Date.now }: Connectors,
): Promise<RunningProcessor> {
  const { group = name, onRecord } = settings
  const meter = new Meter(name, now, undefined, () =>
    Object.fromEntries(
      stages
        .map((stage) => [stage.name, stage.vitals()] as const)
        .filter(([, vitals]) => Object.keys(vitals).length > 0),
    ),
  )
  const stopping = new AbortController()
  const inputs = inputTopics(stages)
  const states = new KeyedStates(
    store,
    stages.filter(({ state }) => state !== undefined),
    settings.cachedStates,
  )
  const written = [...stages.flatMap(({ from, to, also }) => [from, to, ...also]), deadletters]
  const destinations = await destinationsOf(log, registry, written)
  const worker = new ClaimWorker({
    execution: {
      name,
      stages,
      publish: new Set(publish),
      states: (stage) => states.of(stage),
      now,
      onStage: meter.onStage,
    },
    decoders: new Map(
      inputs.map((topic) => [
        topic.name,
        new Decoder(topic, destinations.get(topic.name)!, registry, intake),
      ]),
    ),
    encoder: new Encoder(destinations, settings.rename),
    states,
    flood: new FloodGuard(settings.flood ?? defaultFlood),
    meter,
    backoff: settings.backoff ?? defaultBackoff,
    poisonAfter: settings.poisonAfter ?? 4,
    deadly: new Map(
      (settings.deadly ?? []).map((id) => [id, 'the process died each time it met this message']),
    ),
    until: settings.until ?? new Map(),
    stopping: stopping.signal,
  })
  for (const stage of stages) await stage.open()
  const consumer: Consumer = await log.consume({
    group,
    topics: inputs.map((topic) => topic.name),
    from: settings.from ?? 'earliest',
    maxRecords: onRecord ? 1 : (settings.maxRecords ?? 4096),
    maxBytes: settings.maxBytes ?? 16 << 20,
    minRecords: settings.minRecords ?? 1,
    lingerMs: settings.lingerMs ?? 0,
    onAssigned: (positions) =>
      persist(meter, settings.backoff ?? defaultBackoff, stopping.signal, async () => {
        const topics = new Map((await log.topics()).map((topic) => [topic.name, topic.partitions]))
        await Promise.all(
          positions.map(({ topic, partition, offset }) =>
            states.assign({ group, topic, partition }, offset, topics.get(topic) as number),
          ),
        )
      }),
    onFault: (reason) => meter.fault(reason),
    onRevoked(lost) {
      for (const { partition } of lost) states.revoke(partition)
    },
    onClaim(claim) {
      if (onRecord && claim.batches[0]) onRecord(recordId(claim.batches[0], 0))
      return worker.work(claim)
    },
  })
  meter.state('running')
  const done = meter.follow(consumer.done)
  return {
    meter,
    done,
    async stop() {
      stopping.abort()
      await consumer.stop()
      await Promise.all(stages.map((stage) => stage.close()))
    },
  }
}
