import { Command } from 'commander'
import type { Config } from '../config.ts'
import type { HealthReport } from '../streams/health.ts'
import { wholeNumber } from './arguments.ts'
import { count, LiveLine, span } from './output.ts'
import { configOf, type GlobalOptions, interruption } from './session.ts'

const liveEveryMs = 500

/** Runs everything, or some processors. Either loads its own half of the product, so that both start sooner. */
export const start = new Command('start')
  .description('run the pipeline: the gateway, every processor and the feed, until Ctrl-C')
  .option('--only <part...>', 'run only these processors, or the gateway, in this process')
  .option('--port <number>', 'port of the gateway; with --only, of the health of the processors', wholeNumber)
  .option('--host <address>', 'address of the gateway')
  .option('--no-feed', "don't replay the feed")
  .option('--no-gateway', "don't open the gateway")
  .action(async (options: StartOptions, command: Command) => {
    const config = configOf(command, {
      'gateway.port': options.port,
      'gateway.host': options.host,
      ...(options.feed ? {} : { 'feed.enabled': false }),
      ...(options.gateway ? {} : { 'gateway.enabled': false }),
    })
    const signal = interruption()
    if (options.only) {
      const { runApart } = await import('./apart.ts')
      await runApart(options.only, config, signal, options.port !== undefined)
    } else await runPipeline(config, command, signal)
  })

interface StartOptions {
  readonly only?: readonly string[]
  readonly port?: number
  readonly host?: string
  readonly feed: boolean
  readonly gateway: boolean
}

/** A batch's messages die together: with room for all of them, the collector copies none (a third less CPU). */
const roomForYoungObjects = '--max-semi-space-size=24'

async function runPipeline(config: Config, command: Command, signal: AbortSignal): Promise<void> {
  const { config: file, data } = command.optsWithGlobals<GlobalOptions>()
  const self: readonly [string, ...string[]] = [
    process.execPath,
    roomForYoungObjects,
    process.argv[1] as string,
    ...(file ? ['--config', file] : []),
    ...(data ? ['--data', data] : []),
    'start',
    '--only',
  ]
  const { startPipeline } = await import('./pipeline.ts')
  const pipeline = await startPipeline(config, self)
  const { address } = pipeline
  console.error(welcome(address, data))
  const live = new LiveLine()
  const timer = setInterval(() => live.show(liveLine(pipeline.health())), liveEveryMs)
  pipeline.fed?.then(
    () => signal.aborted || live.note('The feed has been replayed; the pipeline goes on.'),
    (error: Error) => live.note(`The feed stopped: ${error.message}`),
  )
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve())
  })
  clearInterval(timer)
  live.end('murmur: draining …')
  await pipeline.stop()
  console.error('murmur: stopped; everything is kept, `murmur start` goes on from here')
}

function welcome(address: string | undefined, data: string | undefined): string {
  const murmur = `npx murmur${data ? ` --data ${data}` : ''}`
  const lines = [
    `Murmur runs${address ? ` at ${address}` : ' without a gateway'}. Ctrl-C stops it; nothing is lost.`,
    '',
    'Try, in another terminal:',
  ]
  const tries = [
    `${murmur} query "SELECT intent, sentiment, count() FROM processed GROUP BY ALL ORDER BY 3 DESC LIMIT 10"`,
    `${murmur} tail replies`,
    `${murmur} status`,
    ...(address
      ? [
          `curl -d '{"conversation":"me","text":"Where is my order 4711?"}' -H 'content-type: application/json' ${address}/v1/utterances`,
          `curl '${address}/v1/replies?conversation=me&wait=5s'`,
        ]
      : []),
  ]
  return [...lines, ...tries.map((line) => `  ${line}`), ''].join('\n')
}

/** One line: each processor with its state, rate, delay and lag. */
function liveLine({ processors }: HealthReport): string {
  const parts = new Map<string, { state: string; rate: number; lag: number; p99: number | undefined }>()
  for (const { name, state, rate = 0, lag = 0, delayMs } of processors) {
    const sum = parts.get(name)
    parts.set(name, {
      state: sum && sum.state !== state && state !== 'idle' ? state : (sum?.state ?? state),
      rate: (sum?.rate ?? 0) + rate,
      lag,
      p99: delayMs?.p99 ?? sum?.p99,
    })
  }
  return [...parts]
    .map(
      ([name, { state, rate, lag, p99 }]) =>
        `${name}: ${state} ${count(rate)}/s${p99 === undefined ? '' : `, p99 ${span(p99)}`}, lag ${count(lag)}`,
    )
    .join(' · ')
}
