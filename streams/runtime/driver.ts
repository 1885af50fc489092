import { ConnectorError } from '../../connectors/errors.ts'
import { type Records, RecordsBuilder } from '../../connectors/log/records.ts'
import type { Registry } from '../../connectors/registry/registry.ts'
import type { Store, Version } from '../../connectors/store/store.ts'
import type { AvroSchema } from '../../schemas/codec.ts'
import type { DeadLetter } from '../../schemas/generated/events.ts'
import type { Topic } from '../../schemas/topic.ts'
import { deadletters } from '../../schemas/topics.ts'
import { encodeFramed } from '../../schemas/wire.ts'
import { inputTopics } from './chain.ts'
import { Decoder } from './decoder.ts'
import { type Destination, Encoder, schemaIdIn } from './encoder.ts'
import { execute } from './execution.ts'
import type { Processor } from './processor.ts'
import { KeyedStates } from './states.ts'
import type { Topology } from './topology.ts'

/** Runs a topology in a test: no broker, no sockets, no waiting; time moves when the test says so. */
export interface TestDriver {
  /** Puts an event on a topic, at the driver's time unless told. */
  send<T>(topic: Topic<T>, key: string, value: T, at?: number): Promise<void>
  /** Puts raw bytes on a topic, as a faulty producer would. */
  sendRaw(topic: Topic<unknown>, key: string, value: Uint8Array): Promise<void>
  /** Processes until nothing is left to do, and returns what has reached the topic since the last call. */
  read<T>(topic: Topic<T>): Promise<readonly { readonly key: string; readonly value: T }[]>
  /** What was refused since the last call. */
  deadletters(): Promise<readonly DeadLetter[]>
  /** The driver's time, in milliseconds since the epoch. */
  readonly now: number
  /** Moves time on. */
  advance(ms: number): void
}

const defaultStart = Date.UTC(2026, 0, 1)

/** Opens the stages of a topology and drives it by hand. */
export async function testDriver(
  topology: Topology,
  { now: start = defaultStart }: { readonly now?: number } = {},
): Promise<TestDriver> {
  const registry = memoryRegistry()
  const destinations = new Map<string, Destination>()
  for (const topic of topology.topics)
    destinations.set(topic.name, { partitions: 1, schemaId: await schemaIdIn(registry, topic) })
  const destinationOf = ({ name }: Topic<unknown>): Destination => {
    const destination = destinations.get(name)
    if (!destination) throw new Error(`topic "${name}" is not part of the topology`)
    return destination
  }
  const logs = new Map<string, Records[]>(topology.topics.map(({ name }) => [name, []]))
  let now = start
  const runners: (() => Promise<boolean>)[] = []
  for (const processor of topology.processors) runners.push(await runner(processor))
  const readers = new Map<string, number>()

  async function runner({ name, stages, publish, intake }: Processor): Promise<() => Promise<boolean>> {
    for (const stage of stages) await stage.open()
    const states = new KeyedStates(
      memoryStore(),
      stages.filter(({ state }) => state !== undefined),
    )
    const encoder = new Encoder(destinations)
    const inputs = inputTopics(stages).map((topic) => ({
      name: topic.name,
      decoder: new Decoder(topic, destinationOf(topic), registry, intake),
      next: 0,
    }))
    for (const input of inputs) await states.assign({ group: name, topic: input.name, partition: 0 }, 0, 1)
    const settings = {
      name,
      stages,
      publish: new Set(publish),
      states: states.of.bind(states),
      now: () => now,
    }
    return async () => {
      let worked = false
      for (const input of inputs) {
        for (const batch of (logs.get(input.name) as Records[]).slice(input.next)) {
          const items = await input.decoder.decode(batch)
          await states.load(
            0,
            new Set(items.flatMap((item) => ('key' in item && !item.topic ? [item.key] : []))),
          )
          const { outputs } = await execute(settings, items)
          const end = new Map([[0, batch.baseOffset + batch.count]])
          await states.save(end)
          states.committed(end)
          for (const records of encoder.encode(outputs)) append(records)
          input.next++
          worked = true
        }
      }
      return worked
    }
  }

  function append(records: Records): void {
    const log = logs.get(records.topic)
    if (!log) throw new Error(`topic "${records.topic}" is not part of the topology`)
    const last = log.at(-1)
    log.push({ ...records, baseOffset: last ? last.baseOffset + last.count : 0 })
  }

  function send(
    topic: Topic<unknown>,
    key: string,
    at: number,
    encode: (data: Buffer, position: number) => number,
  ): void {
    const builder = new RecordsBuilder(topic.name, 0)
    builder.addEncoded(key, at, encode)
    append(builder.take())
  }

  async function settle(): Promise<void> {
    let worked = true
    while (worked) {
      worked = false
      for (const run of runners) worked = (await run()) || worked
    }
  }

  const driver: TestDriver = {
    async send(topic, key, value, at = now) {
      const problem = topic.codec.problem(value)
      if (problem) throw new Error(`this is no "${topic.name}" event: ${problem}`)
      const { schemaId } = destinationOf(topic)
      send(topic, key, at, (data, position) => encodeFramed(topic.codec, schemaId, value, data, position))
    },
    async sendRaw(topic, key, value) {
      send(topic, key, now, (data, position) => {
        if (position + value.length > data.length) return data.length - position - value.length
        data.set(value, position)
        return position + value.length
      })
    },
    async read(topic) {
      await settle()
      const log = logs.get(topic.name) ?? []
      const from = readers.get(topic.name) ?? 0
      readers.set(topic.name, log.length)
      const decoder = new Decoder(topic, destinationOf(topic), registry)
      const batches = await Promise.all(log.slice(from).map((records) => decoder.decode(records)))
      return batches
        .flat()
        .flatMap((item) => ('key' in item ? [{ key: item.key, value: item.value as never }] : []))
    },
    deadletters: async () => (await driver.read(deadletters)).map(({ value }) => value),
    get now() {
      return now
    },
    advance(ms) {
      now += ms
    },
  }
  return driver
}

function memoryRegistry(): Registry {
  const schemas: AvroSchema[] = []
  return {
    register: async (_subject, schema) => schemas.push(schema),
    async schema(id) {
      const schema = schemas[id - 1]
      if (schema === undefined) throw new ConnectorError('UNKNOWN_SCHEMA', `no schema has id ${id}`)
      return schema
    },
    close: async () => {},
  }
}

function memoryStore(): Store {
  const versions = new Map<string, Version>()
  return {
    claim: async (scope) => ({ ...scope, token: 1 }),
    load: async (_fence, _committed, keys) =>
      keys.map((key) => versions.get(key) ?? { offset: -1, value: undefined }),
    async save(_fence, entries) {
      for (const { key, next } of entries) versions.set(key, next)
      return undefined
    },
    close: async () => {},
  }
}
