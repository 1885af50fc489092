import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ingestUtterances } from '../cli/utterances.ts'
import type { Log } from '../connectors/log/log.ts'
import { nextOffset } from '../connectors/log/records.ts'
import { type Opened, openConnectors } from '../connectors/open.ts'
import { openSource } from '../connectors/sources/open.ts'
import type { Store } from '../connectors/store/store.ts'
import { loadConfig } from '../load-config.ts'
import type { Topic } from '../schemas/topic.ts'
import { processed, topics, utterances } from '../schemas/topics.ts'
import { type Message, Rejection } from '../streams/message.ts'
import { Decoder } from '../streams/runtime/decoder.ts'
import { destinationsOf, Encoder } from '../streams/runtime/encoder.ts'
import { lagByGroup, sumOf } from '../streams/runtime/lag.ts'
import { type Processor, startProcessor } from '../streams/runtime/processor.ts'
import type { Stage } from '../streams/stage.ts'
import { murmur } from '../streams/topology.ts'
import { writeUtterances } from './input.ts'
import { Ledger } from './ledger.ts'
import type { Figure } from './machine.ts'
import { temporaryFile } from './running.ts'

const warmUp = 50_000
const count = 200_000
const readBytes = 1 << 20

export const about = `The \`conversation\` processor alone, in one process, over a log of ${count.toLocaleString('en')} utterances in the shares of the bundled
feed: CPU time of the whole process, garbage collection included, by what it was spent on. An answer of the bot counts
as an utterance. What the parts leave of the whole is the runtime: serialising state, encoding replies, counting. The linear tier answers alone.`

export async function run(): Promise<readonly Figure[]> {
  const data = mkdtempSync(join(tmpdir(), 'murmur-bench-'))
  const config = loadConfig({
    env: {},
    flags: new Map([
      ['data', data],
      ['language.tier', 'linear'],
    ]),
  })
  const opened = await openConnectors(config)
  try {
    await opened.createTopics(topics.map(({ name }) => name))
    const { processors } = await murmur(config)
    const processor = processors.find(({ name }) => name === 'conversation') as Processor
    await fill(opened, warmUp, 1)
    await drain(processor, opened, new Ledger())
    const ledger = new Ledger()
    await ledger.during('ingest', () => fill(opened, count, 2))
    const records = await drain(processor, opened, ledger)
    const figure = (label: string, name: string, of: number) => ledger.figure(`CPU time: ${label}`, name, of)
    return [
      figure('ingest, from JSONL into the log', 'ingest', count),
      figure('the processor in all', 'all', records),
      ...processor.stages.map(({ name }) => figure(`of it, ${name}`, name, records)),
      figure('of it, reading state', 'load', records),
      figure('of it, committing outputs, offsets and state', 'commit', records),
      { ...(await decoding(opened)), name: 'CPU time: of it, decoding (measured apart)' },
      { ...(await encoding(opened)), name: 'CPU time: of it, encoding `processed` (measured apart)' },
    ]
  } finally {
    await opened.close()
    rmSync(data, { recursive: true })
  }
}

async function fill(opened: Opened, size: number, seed: number): Promise<void> {
  await temporaryFile(async (file) => {
    writeUtterances(file, size, 'feed', seed)
    await ingestUtterances(openSource(file), [], opened, { signal: new AbortController().signal })
  })
}

/** Lets the processor read all there is. @returns how many records it took */
async function drain(
  { name, stages, publish = [] }: Processor,
  opened: Opened,
  ledger: Ledger,
): Promise<number> {
  const measured = { name, publish, stages: stages.map((stage) => measuredStage(stage, ledger)) }
  const { registry, log, store } = opened
  return ledger.during('all', async () => {
    const connectors = { registry, log: measuredLog(log, ledger), store: measuredStore(store, ledger) }
    const running = await startProcessor(measured, {}, connectors)
    while (sumOf((await lagByGroup(log)).get(name)) > 0) await sleep(50)
    await running.stop()
    return running.meter.recordsIn
  })
}

const measuredStage = (stage: Stage, ledger: Ledger): Stage => ({
  ...stage,
  process: (messages, context) => ledger.during(stage.name, () => stage.process(messages, context)),
})

const measuredLog = (log: Log, ledger: Ledger): Log => ({
  ...log,
  consume: (subscription) =>
    log.consume({
      ...subscription,
      onClaim: (claim) =>
        subscription.onClaim({
          ...claim,
          commit: (...args) => ledger.during('commit', () => claim.commit(...args)),
        }),
    }),
})

const measuredStore = (store: Store, ledger: Ledger): Store => ({
  ...store,
  load: (...args) => ledger.during('load', () => store.load(...args)),
})

async function decoding(opened: Opened): Promise<Figure> {
  const ledger = new Ledger()
  let decoded = 0
  for await (const messages of read(opened, utterances, ledger)) decoded += messages.length
  return ledger.figure('', 'decode', decoded)
}

async function encoding(opened: Opened): Promise<Figure> {
  const ledger = new Ledger()
  const encoder = new Encoder(await destinationsOf(opened.log, opened.registry, [processed]))
  let encoded = 0
  for await (const messages of read(opened, processed, ledger)) {
    await ledger.during('encode', () => encoder.encode([[processed, messages]]))
    encoded += messages.length
  }
  return ledger.figure('', 'encode', encoded)
}

async function* read<T>(
  { log, registry }: Opened,
  topic: Topic<T>,
  ledger: Ledger,
): AsyncGenerator<readonly Message<unknown>[]> {
  const destination = (await destinationsOf(log, registry, [topic])).get(topic.name)
  if (!destination) throw new Error(`there is no topic "${topic.name}"`)
  const decoder = new Decoder(topic, destination, registry)
  for (let partition = 0; partition < destination.partitions; partition++) {
    let records = await log.read(topic.name, partition, 0, readBytes)
    while (records) {
      const batch = records
      const items = await ledger.during('decode', () => decoder.decode(batch))
      yield items.filter((item): item is Message<unknown> => !(item instanceof Rejection))
      records = await log.read(topic.name, partition, nextOffset(batch), readBytes)
    }
  }
}
