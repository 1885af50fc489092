import { Command } from 'commander'
import { faultsIn, type HealthReport } from '../streams/health.ts'
import { lagByGroup } from '../streams/runtime/lag.ts'
import { print, span, table } from './output.ts'
import { ask, runningPipeline } from './running.ts'
import { configOf, wantsJson, withConnectors } from './session.ts'

export const status = new Command('status')
  .description('what runs, how far behind it is, how fast it goes and what each stage takes')
  .action(async (_options: unknown, command: Command) => {
    const config = configOf(command)
    const running = runningPipeline(config.data)
    const health = running?.address ? await ask<HealthReport>(running.address, '/v1/status') : undefined
    const { topics, groups } = await withConnectors(config, async ({ log }) => ({
      topics: (await log.topics()).map(({ name, partitions, offsets }) => ({
        topic: name,
        partitions,
        records: offsets.reduce((sum, { earliest, latest }) => sum + latest - earliest, 0),
        MiB: offsets.reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20,
      })),
      groups: [...(await lagByGroup(log))].flatMap(([group, lag]) =>
        [...lag].map(([topic, behind]) => ({ group, topic, lag: behind })),
      ),
    }))
    print(wantsJson(command), { running: running ?? null, health: health ?? null, topics, groups }, () =>
      [
        running
          ? `running: process ${running.process.pid}${running.address ? `, ${running.address}` : ''}`
          : 'no pipeline runs on this folder; `murmur start` starts one',
        ...(health ? ['', table(health.processors.map(processorRow)), '', table(stageRows(health))] : []),
        ...(health ? faultsIn(health.processors).map((fault) => `degraded: ${fault}`) : []),
        '',
        table(groups),
        '',
        table(topics),
      ].join('\n'),
    )
  })

const processorRow = ({
  name,
  instance,
  state,
  reason,
  lag,
  rate,
  delayMs,
  counts,
}: HealthReport['processors'][number]) => ({
  processor: name,
  instance,
  state,
  lag,
  'rate/s': Math.round(rate ?? 0),
  'p50 delay': delayMs ? span(delayMs.p50) : null,
  'p99 delay': delayMs ? span(delayMs.p99) : null,
  in: counts?.in,
  out: counts?.out,
  refused: counts?.rejected,
  reason,
})

const stageRows = ({ processors }: HealthReport) =>
  processors.flatMap(({ instance, stages = {} }) =>
    Object.entries(stages).map(([stage, { batches, messages, ms, version, tallies = {} }]) => ({
      instance,
      stage,
      messages,
      'a batch': batches > 0 ? Math.round(messages / batches) : null,
      'µs each': messages > 0 ? (ms * 1000) / messages : null,
      version: version ?? null,
      tallies: Object.values(tallies)
        .flatMap((counts) => Object.entries(counts))
        .filter(([, count]) => count > 0)
        .map(([value, count]) => `${value} ${count}`)
        .join(', '),
    })),
  )
