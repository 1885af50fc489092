import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processed, utterances as utterancesTopic } from '../schemas/topics.ts'
import { GroupWatch, quantiles, times } from './delays.ts'
import { type Mix, utterances, writeUtterances } from './input.ts'
import type { Figure, SuiteOptions } from './machine.ts'
import { byProcess, CpuWatch, diskUse, MemoryWatch } from './procfs.ts'
import { drained, ended, linearAlone, murmur, type Running, temporaryFile, withPipeline } from './running.ts'

const steady = { rate: 40_000, warmUp: 5, seconds: 20 }

export const about = `The whole product as its processes, from \`murmur ingest\` to rows in ClickHouse, on a data folder of its own each time.
Texts are made of the bundled feed's, in conversations of 4 to 12 turns, 500 side by side. \`posts\` are reviews and social
media, which nobody answers; \`feed\` has the feed's share of chats (60%), where most are answered, and each answer is one
more utterance and a reply. At full speed a file is read, and the clock runs from the start of \`murmur ingest\` until the last
row is in. At a rate, utterances happen when they are written into \`murmur ingest -\`, after ${steady.warmUp} s of warm-up; a row's delay ends
when the sink's commit behind it was seen, up to 10 ms late. A process's own memory is its anonymous memory (RssAnon),
looked at five times a second; with mapped files (VmHWM) come pages of the log's file, which all processes share and which
the kernel's page cache takes back when something else needs room. CPU seconds are user and system time per million of
utterances that came in, answers not counted. The linear tier answers alone (\`language.tier: linear\`).`

export async function run({ long }: SuiteOptions): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const mix of ['posts', 'feed'] as const) figures.push(...(await fullSpeed(mix, 1_000_000)))
  for (const mix of ['posts', 'feed'] as const) figures.push(...(await atRate(mix)))
  for (const count of long ? [100_000, 10_000_000] : [100_000])
    figures.push(...(await fullSpeed('posts', count)))
  return figures
}

/**
 * A file of utterances, as fast as it goes.
 * @param config murmur.yaml, where it is not to be the default one
 */
export async function fullSpeed(
  mix: Mix,
  count: number,
  atLeast: number = steady.rate,
  config = linearAlone,
): Promise<Figure[]> {
  const name = `${mix}, ${count.toLocaleString('en')} at full speed`
  return temporaryFile(async (file) => {
    writeUtterances(file, count, mix)
    return withPipeline(async (running) => {
      const cpu = new CpuWatch(running.processes)
      const started = performance.now()
      const ingest = murmur(running.data, ['ingest', file, '--json'], 'ignore')
      const memory = new MemoryWatch(new Map([...running.processes, ['ingest', ingest.pid as number]]))
      await ended(ingest)
      const ingested = performance.now()
      await drained(running)
      const seconds = (performance.now() - started) / 1000
      memory.stop()
      const rows = await recordsOf(running, processed.name)
      return [
        { name: `${name}: to row`, value: count / seconds, unit: 'utterances/s', atLeast },
        { name: `${name}: ingest alone`, value: (1000 * count) / (ingested - started), unit: 'utterances/s' },
        { name: `${name}: rows, the bot's included`, value: rows / seconds, unit: 'rows/s' },
        ...cpuFigures(name, cpu, count),
        ...memory.figures(name),
        ...(config === linearAlone ? diskFigures(name, running.data) : []),
      ]
    }, config)
  })
}

const diskFigures = (name: string, data: string): Figure[] => [
  { name: `${name}: log on disk`, value: diskUse(join(data, 'log')), unit: 'MiB' },
  { name: `${name}: tables on disk`, value: diskUse(join(data, 'olap')), unit: 'MiB' },
]

/** Utterances that happen at the moment in which they are written into `murmur ingest -`. */
async function atRate(mix: Mix): Promise<Figure[]> {
  const { rate, warmUp, seconds } = steady
  const name = `${mix}, ${rate.toLocaleString('en')}/s for ${seconds} s`
  return withPipeline(async (running) => {
    const { log } = running.opened
    const cpu = new CpuWatch(running.processes)
    const ingest = murmur(running.data, ['ingest', '-', '--json'], 'pipe')
    const memory = new MemoryWatch(new Map([...running.processes, ['ingest', ingest.pid as number]]))
    const understanding = new GroupWatch(log, 'conversation', utterancesTopic.name)
    const writing = new GroupWatch(log, 'sink', processed.name)
    const from = Date.now() + 1000 * warmUp
    await feed(ingest.stdin as NodeJS.WritableStream, mix)
    await ended(ingest)
    await drained(running)
    memory.stop()
    return [
      ...times(`${name}: to processed`, quantiles(await understanding.delays(from))),
      ...times(`${name}: to row`, quantiles(await writing.delays(from)), 3000),
      ...cpuFigures(name, cpu, rate * (warmUp + seconds)),
      ...memory.figures(name),
    ]
  }, linearAlone)
}

/** Keeps to its schedule, however slowly the other end reads. */
async function feed(stdin: NodeJS.WritableStream, mix: Mix): Promise<void> {
  const lines = utterances(mix, () => Date.now())
  const count = steady.rate * (steady.warmUp + steady.seconds)
  const started = performance.now()
  for (let sent = 0; sent < count; await sleep(5)) {
    const due = Math.min(count, Math.floor(((performance.now() - started) / 1000) * steady.rate))
    const part: string[] = []
    for (; sent < due; sent++) part.push(JSON.stringify(lines.next().value))
    if (part.length > 0) stdin.write(`${part.join('\n')}\n`)
  }
  stdin.end()
}

async function recordsOf({ opened }: Running, topic: string): Promise<number> {
  const found = (await opened.log.topics()).find(({ name }) => name === topic)
  return (found?.offsets ?? []).reduce((sum, { latest }) => sum + latest, 0)
}

/** The ingest has ended: it is the one child that has. */
const cpuFigures = (name: string, cpu: CpuWatch, count: number): Figure[] =>
  byProcess(name, cpu.taken().set('ingest', cpu.ended()), 'CPU s/million', 1_000_000 / count)
