import { randomUUID } from 'node:crypto'
import type { Producer } from '../../connectors/log/log.ts'
import { openConnectors } from '../../connectors/open.ts'
import { loadConfig } from '../../load-config.ts'
import type { Topic } from '../../schemas/topic.ts'
import type { ProcessorHealth } from '../health.ts'
import { destinationsOf, Encoder } from './encoder.ts'
import { type ProcessorSettings, type RunningProcessor, startProcessor } from './processor.ts'
import type { Topology } from './topology.ts'

export interface RunOptions {
  /** Configuration file; `murmur.yaml`, if there is one, unless told. */
  readonly config?: string
  /** Folder for everything embedded; the configuration's unless told. */
  readonly data?: string
  /** Settings that all processors share. */
  readonly processor?: ProcessorSettings
}

export interface Run {
  /** Puts an event on one of the topology's topics; durable when it resolves. At the present time unless told. */
  send<T>(topic: Topic<T>, key: string, value: T, at?: number): Promise<void>
  health(): readonly ProcessorHealth[]
  /** Resolves after `stop`; rejects where a processor can't go on. */
  readonly done: Promise<void>
  /** Lets the batches in hand finish, and closes everything. */
  stop(): Promise<void>
}

/**
 * Runs a topology in this process until stopped, exactly once: topics are created, offsets, outputs and state
 * commit together, and a restart goes on where the last one stopped, however it ended.
 * @throws where a connector can't be opened
 */
export async function run(
  topology: Topology,
  { config: file, data, processor }: RunOptions = {},
): Promise<Run> {
  const config = loadConfig({ file, flags: new Map(data === undefined ? [] : [['data', data]]) })
  const opened = await openConnectors(config)
  const running: RunningProcessor[] = []
  try {
    await opened.createTopics(topology.topics.map(({ name }) => name))
    for (const one of topology.processors) running.push(await startProcessor(one, processor ?? {}, opened))
  } catch (error) {
    await opened.close()
    throw error
  }
  const destinations = await destinationsOf(opened.log, opened.registry, topology.topics)
  const encoder = new Encoder(destinations)
  let producer: Promise<Producer> | undefined
  return {
    async send(topic, key, value, at = Date.now()) {
      const problem = topic.codec.problem(value)
      if (problem) throw new TypeError(`this is no "${topic.name}" event: ${problem}`)
      producer ??= opened.log.producer(`run:${randomUUID()}`)
      await (await producer).append(encoder.encode([[topic, [{ key, value, timestamp: at }]]]))
    },
    health: () => running.map(({ meter }, index) => meter.health(`${topology.processors[index]?.name}-1`)),
    done: Promise.all(running.map(({ done }) => done)).then(() => {}),
    async stop() {
      await Promise.all(running.map((one) => one.stop()))
      await opened.close()
    },
  }
}
