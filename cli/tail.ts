import { Command, Option } from 'commander'
import { offsetAt, type Records, valueEnd, valueStart } from '../connectors/log/records.ts'
import type { Opened } from '../connectors/open.ts'
import { topic as makeTopic } from '../schemas/topic.ts'
import { topics } from '../schemas/topics.ts'
import { schemaIdOf } from '../schemas/wire.ts'
import { Rejection } from '../streams/message.ts'
import { Decoder } from '../streams/runtime/decoder.ts'
import { didYouMean, wholeNumber } from './arguments.ts'
import { configOf, interruption, wantsJson, withConnectors } from './session.ts'

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
    await withConnectors(configOf(command), async (opened) => {
      let left = options.limit
      for await (const line of lines(name, options, opened, signal, json)) {
        if (left-- <= 0) break
        process.stdout.write(`${line}\n`)
        if (left <= 0) break
      }
    })
  })

interface TailOptions {
  readonly from: string
  readonly limit: number
  readonly follow: boolean
}

async function* lines(
  name: string,
  { from, follow }: TailOptions,
  { log, registry }: Opened,
  signal: AbortSignal,
  json: boolean,
): AsyncGenerator<string> {
  const there = await log.topics()
  const found = there.find((one) => one.name === name)
  if (!found) {
    const names = there.map((one) => one.name)
    throw new Error(`there is no topic "${name}": ${didYouMean(name, names)}`)
  }
  const next = found.offsets.map(({ earliest, latest }) => (from === 'earliest' ? earliest : latest))
  const decoder = await decoderFor(name)
  while (!signal.aborted) {
    let seen = 0
    for (let partition = 0; partition < next.length; partition++) {
      const records = await log.read(name, partition, next[partition] as number, chunkBytes)
      if (!records) continue
      for (const [index, item] of (await decoder(records)).entries()) {
        const at = offsetAt(records, index)
        next[partition] = at + 1
        seen++
        const value = item instanceof Rejection ? { undecodable: item.reason } : item.value
        const key = item instanceof Rejection ? item.message.key : item.key
        yield json
          ? JSON.stringify({ topic: name, partition, offset: at, key, value }, readable)
          : `${partition}@${at} ${key}  ${JSON.stringify(value, readable)}`
      }
    }
    if (seen > 0) continue
    if (!follow) return
    await log.changed([name], 1000, signal)
  }

  /** The product's topics have their own types; any other topic is read by the schema that its values name. */
  async function decoderFor(name: string) {
    const known = topics.find((one) => one.name === name)
    if (known) {
      const decoder = new Decoder(
        known,
        await registry.register(`${name}-value`, known.codec.schema),
        registry,
      )
      return (records: Records) => decoder.decode(records)
    }
    return async (records: Records) => {
      const id = schemaIdOf(records.data, valueStart(records, 0), valueEnd(records, 0)) ?? 0
      return new Decoder(makeTopic(name, await registry.schema(id)), id, registry).decode(records)
    }
  }
}

/** Bytes are shown by their number: a picture is nothing to read. */
function readable(_key: string, value: unknown): unknown {
  const bytes = value as { type?: string; data?: unknown[] } | null
  return bytes?.type === 'Buffer' && Array.isArray(bytes.data) ? `<${bytes.data.length} bytes>` : value
}
