import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import type { Config } from '../config.ts'
import type { Log } from '../connectors/log/log.ts'
import { openSource } from '../connectors/sources/open.ts'
import type { HealthReport } from '../streams/health.ts'
import type { Ingested, IngestProgress } from '../streams/ingest/ingest.ts'
import { lagByGroup, sumOf } from '../streams/runtime/lag.ts'
import { positiveNumber } from './arguments.ts'
import { bar, count, LiveLine, print, span } from './output.ts'
import { ask, runningPipeline } from './running.ts'
import { configOf, interruption, wantsJson, withTopics } from './session.ts'
import { ingestUtterances } from './utterances.ts'

export const ingest = new Command('ingest')
  .description(
    'read a file, or standard input (-), into the pipeline; an interrupted ingest goes on where it stopped',
  )
  .argument('<source>', 'a .jsonl, .ndjson, .csv or .tsv file, or - for standard input')
  .option(
    '--map <field=column...>',
    "which column fills a field; a constant in quotes, such as channel='social'",
  )
  .option('--rate <number>', 'rows a second; as many as the log takes unless told', positiveNumber)
  .option('--wait', 'until every row has been processed and can be queried; starts nothing by itself')
  .option('--follow', 'go on with what is appended to the file')
  .option('--format <format>', 'what standard input holds: jsonl or text')
  .option('--columns <names>', 'CSV: names of the columns, comma-separated, where the file has no header')
  .option('--delimiter <character>', 'CSV: what stands between columns')
  .option('--name <name>', 'what the position is remembered under; the path unless told')
  .action(async (target: string, options: IngestFlags, command: Command) => {
    const config = configOf(command)
    const signal = interruption()
    const source = openSource(target, { ...options, columns: options.columns?.split(',') })
    const live = new LiveLine()
    const started = performance.now()
    const result = await withTopics(config, async (opened) => {
      let waiting: string | undefined
      const done = await ingestUtterances(source, options.map ?? [], opened, {
        signal,
        ratePerSecond: options.rate,
        onProgress(progress) {
          if (progress.reason !== undefined && progress.reason !== waiting)
            live.note(`waiting: ${progress.reason}`)
          waiting = progress.reason
          live.show(progressLine(progress, source.size, started))
        },
      })
      if (options.wait) await untilProcessed(config, opened.log, live, signal)
      return done
    })
    live.end('')
    print(wantsJson(command), { ...result, seconds: (performance.now() - started) / 1000 }, () =>
      summary(result, performance.now() - started),
    )
    if (signal.aborted) process.exitCode = 130
  })

interface IngestFlags {
  readonly map?: readonly string[]
  readonly rate?: number
  readonly wait?: boolean
  readonly follow?: boolean
  readonly format?: 'jsonl' | 'text'
  readonly columns?: string
  readonly delimiter?: string
  readonly name?: string
}

/**
 * Waits until every processor of the configuration has read all that is in the log.
 * @throws where none would: no pipeline runs, or a processor of it has given up
 */
async function untilProcessed(config: Config, log: Log, live: LiveLine, signal: AbortSignal): Promise<void> {
  for (let look = 0; !signal.aborted; look++) {
    const lags = await lagByGroup(log)
    const groups = Object.keys(config.processors).map((name) => lags.get(name))
    const behind = groups.reduce((sum, lag) => sum + sumOf(lag), 0)
    const joined = groups.every((lag) => lag !== undefined && lag.size > 0)
    if (joined && behind === 0) return
    if (look % 10 === 0) await requireWorking(config, log)
    live.show(joined ? `processing: ${count(behind)} to go` : 'the processors are starting')
    await sleep(100)
  }
}

async function requireWorking({ data, processors }: Config, log: Log): Promise<void> {
  const running = runningPipeline(data)
  if (!running) {
    // Its processes may have been started by themselves, here or elsewhere
    const groups = await log.groups()
    const reading = (name: string) =>
      groups.some(({ group, members }) => group === name && members.length > 0)
    if (Object.keys(processors).every(reading)) return
    throw new Error(
      'the rows are in the log, but no pipeline runs to process them: start one with `murmur start`',
    )
  }
  if (!running.address) return
  const health = await ask<HealthReport>(running.address, '/v1/status').catch(() => undefined)
  const failed = health?.processors.find(({ state }) => state === 'failed' || state === 'stopped')
  if (failed)
    throw new Error(`the rows are in the log, but ${failed.instance} does not process them: ${failed.reason}`)
}

function progressLine(
  { read, bytes, rejected, reason }: IngestProgress,
  size: number | undefined,
  started: number,
): string {
  const rate = read / ((performance.now() - started) / 1000)
  const share = size ? `${bar(bytes / size)}  ` : ''
  const trouble = reason === undefined ? '' : `  waiting: ${reason}`
  return `${share}${count(read)} rows, ${count(rate)}/s${rejected > 0 ? `, ${count(rejected)} refused` : ''}${trouble}`
}

function summary({ read, written, rejected, unseenColumns }: Ingested, ms: number): string {
  if (read === 0) return 'nothing new: every row of this source has been ingested before'
  const lines = [`${count(written)} utterances written in ${span(ms)}`]
  if (rejected > 0) lines.push(`${count(rejected)} rows refused; see \`murmur deadletters list\``)
  if (unseenColumns.length > 0)
    lines.push(`no row had ${unseenColumns.map((name) => `"${name}"`).join(', ')}: is --map right?`)
  return lines.join('\n')
}
