import { Command, InvalidArgumentError } from 'commander'
import { type Place, replay as run } from '../streams/replay/replay.ts'
import { murmur } from '../streams/topology.ts'
import { didYouMean } from './arguments.ts'
import { bar, count, LiveLine, print } from './output.ts'
import { configOf, interruption, wantsJson, withTopics } from './session.ts'
import { processorSettings } from './settings.ts'

export const replay = new Command('replay')
  .description(
    'run a processor over part of its input again, in order, into topics of its own: nothing happens twice',
  )
  .option('--processor <name>', 'which processor', 'conversation')
  .option('--from <place>', 'a time (2026-11-23T08:00:00Z) or an offset; the earliest unless told', place)
  .option('--to <place>', 'where to end, exclusive; what is there now unless told', place)
  .option(
    '--into <name>',
    'group replay-NAME, topics NAME.processed and so on; the same name goes on with an interrupted replay',
  )
  .action(async ({ processor: name, from, to, into }: ReplayFlags, command: Command) => {
    const config = configOf(command)
    const signal = interruption()
    const live = new LiveLine()
    const shadow = into ?? `replay-${new Date().toISOString().replaceAll(/[-:]|\..*/g, '')}`
    const result = await withTopics(config, async (opened) => {
      const { processors } = await murmur(config)
      const processor = processors.find((one) => one.name === name)
      if (!processor) {
        const names = processors.map((one) => one.name)
        throw new Error(`there is no processor "${name}" to replay: ${didYouMean(name, names)}`)
      }
      return run(
        processor,
        {
          into: shadow,
          ...(from ? { from } : {}),
          ...(to ? { to } : {}),
          processor: processorSettings(name, config),
          createTopics: opened.createTopics,
          onProgress: (done, total) => live.show(`${bar(done / total)}  ${count(done)} of ${count(total)}`),
        },
        opened,
        signal,
      )
    })
    live.end('')
    print(
      wantsJson(command),
      result,
      () =>
        `${count(result.records)} records replayed into ${result.topics.join(', ')}; \`murmur tail ${result.topics[0]} --from earliest\` shows them`,
    )
    if (signal.aborted) process.exitCode = 130
  })

interface ReplayFlags {
  readonly processor: string
  readonly from?: Place
  readonly to?: Place
  readonly into?: string
}

function place(text: string): Place {
  if (/^\d+$/.test(text)) return { offset: Number(text) }
  const time = Date.parse(text)
  if (Number.isNaN(time))
    throw new InvalidArgumentError('write a time such as 2026-11-23T08:00:00Z, or an offset')
  return { time }
}
