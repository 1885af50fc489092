import { Command, Option } from 'commander'
import { nextOffset, offsetAt, type Records, valueEnd, valueStart } from '../connectors/log/records.ts'
import type { Opened } from '../connectors/open.ts'
import { jsonTopic, topic as makeTopic } from '../schemas/topic.ts'
import { topics } from '../schemas/topics.ts'
import { schemaIdOf } from '../schemas/wire.ts'
import { utteranceIntake } from '../streams/ingest/intake.ts'
import { type Message, Rejection } from '../streams/message.ts'
import { Decoder } from '../streams/runtime/decoder.ts'
import { schemaIdIn } from '../streams/runtime/encoder.ts'
import type { Intake } from '../streams/runtime/intake.ts'
import { didYouMean, wholeNumber } from './arguments.ts'
import { configOf, interruption, wantsJson, withTopics } from './session.ts'

const chunkBytes = 1 << 20

export const tail = new Command('tail')
  .description('print what is on a topic, decoded, as it comes')
  .argument('<topic>', topics.map(({ name }) => name).join(', '))
  .addOption(new Option('--from <where>', 'where to begin').choices(['earliest', 'latest']).default('latest'))
  .option('--limit <number>', 'stop after so many', wholeNumber, Number.POSITIVE_INFINITY)
  .option('--no-follow', 'stop at the end of what is there now')
  .action(async (name: string, options: TailOptions, command: Command) => {
    const signal = interruption()
    const json = wantsJson(command)
    const config = configOf(command)
    const intake = utteranceIntake(config.input)
    await withTopics(config, (opened) => printTopic(name, { ...options, intake }, opened, signal, json))
  })

interface TailOptions {
  readonly from: string
  readonly limit: number
  readonly follow: boolean
}

async function printTopic(
  name: string,
  { from, follow, limit, intake }: TailOptions & { readonly intake: Intake },
  { log, registry }: Opened,
  interrupted: AbortSignal,
  json: boolean,
): Promise<void> {
  const there = await log.topics()
  const found = there.find((one) => one.name === name)
  if (!found) {
    const names = there.map((one) => one.name)
    throw new Error(`there is no topic "${name}": ${didYouMean(name, names)}`)
  }
  const { partitions } = found
  const decode = await decoderFor(name)
  const enough = new AbortController()
  const signal = AbortSignal.any([interrupted, enough.signal])
  let left = limit
  const show = async (records: Records) => {
    for (const [index, item] of (await decode(records)).entries()) {
      if (signal.aborted) return
      process.stdout.write(`${lineOf(records, index, item, json)}\n`)
      if (--left <= 0) enough.abort()
    }
  }
  const next = found.offsets.map(({ earliest, latest }) => (from === 'earliest' ? earliest : latest))
  if (follow) return log.tail(name, next, show, signal)
  for (const [partition, { latest }] of found.offsets.entries()) {
    for (let offset = next[partition] as number; offset < latest && !signal.aborted; ) {
      const records = await log.read(name, partition, offset, chunkBytes)
      if (!records) break
      await show(records)
      offset = nextOffset(records)
    }
  }

  /** The product's topics have their own types; any other topic is read by the schema that its values name, or as JSON. */
  async function decoderFor(name: string) {
    const known = topics.find((one) => one.name === name)
    if (known) {
      const schemaId = await schemaIdIn(registry, known)
      const decoder = new Decoder(known, { schemaId, partitions }, registry, intake)
      return (records: Records) => decoder.decode(records)
    }
    return async (records: Records) => {
      const schemaId = schemaIdOf(records.data, valueStart(records, 0), valueEnd(records, 0))
      const found =
        schemaId === undefined ? jsonTopic(name) : makeTopic(name, await registry.schema(schemaId))
      return new Decoder(found, { schemaId, partitions }, registry).decode(records)
    }
  }
}

function lineOf(records: Records, index: number, item: Message<unknown> | Rejection, json: boolean): string {
  const { topic, partition } = records
  const offset = offsetAt(records, index)
  const value = item instanceof Rejection ? { undecodable: item.reason } : item.value
  const { key } = item instanceof Rejection ? item.message : item
  return json
    ? JSON.stringify({ topic, partition, offset, key, value }, readable)
    : `${partition}@${offset} ${key}  ${JSON.stringify(value, readable)}`
}

/** Bytes are shown by their number: a picture is nothing to read. */
function readable(_key: string, value: unknown): unknown {
  const bytes = value as { type?: string; data?: unknown[] } | null
  return bytes?.type === 'Buffer' && Array.isArray(bytes.data) ? `<${bytes.data.length} bytes>` : value
}
