import { writeFileSync } from 'node:fs'
import { constants, hostname, setPriority } from 'node:os'
import type { Config } from '../config.ts'
import { openOlapToWrite } from '../connectors/olap/open.ts'
import { prepareOlap } from '../connectors/olap/prepare.ts'
import type { Opened } from '../connectors/open.ts'
import { columns } from '../schemas/generated/clickhouse.ts'
import type { ProcessorHealth } from '../streams/health.ts'
import { FloodError } from '../streams/runtime/flood.ts'
import { startProcessor } from '../streams/runtime/processor.ts'
import type { ChildOrders } from '../streams/runtime/supervisor.ts'
import { startSink } from '../streams/sink/sink.ts'
import { murmur, sinkName } from '../streams/topology.ts'
import { didYouMean } from './arguments.ts'
import { processorSettings } from './settings.ts'

/** A processor of this process. */
interface Running {
  health(): ProcessorHealth
  readonly done: Promise<void>
  stop(): Promise<void>
}

/** What `--only` calls the gateway. */
export const gatewayName = 'gateway' as const

const healthEveryMs = 1000

/** The orders of the supervisor; a process that a person started has none. */
export function ordersFromParent(): ChildOrders | undefined {
  const text = process.env.MURMUR_PROCESS
  return text === undefined ? undefined : (JSON.parse(text) as ChildOrders)
}

/**
 * Runs processors in this process until the signal, and reports their health to the parent, if there is one.
 * @param serve opens what answers for this process to others, when the processors have started
 * @throws what a processor died of, but for a flood of dead letters: then it stays, and its health says why
 */
export async function runProcessors(
  names: readonly string[],
  config: Config,
  opened: Opened,
  signal: AbortSignal,
  serve?: (health: () => readonly ProcessorHealth[]) => Promise<{ stop(): Promise<void> }>,
): Promise<void> {
  const orders = ordersFromParent()
  const running = await Promise.all(names.map((name) => start(name, config, opened, orders)))
  const health = () => running.map((processor) => processor.health())
  const report = () => {
    for (const one of health()) process.send?.(one)
  }
  report()
  const timer = setInterval(report, healthEveryMs)
  const stopped = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve())
    process.on('disconnect', () => resolve())
  })
  const failed = running.map(({ done }) =>
    done.catch((error: unknown) => {
      report()
      if (error instanceof FloodError) return stopped
      throw error
    }),
  )
  const over = Promise.race([stopped, ...(failed.length > 0 ? [Promise.all(failed)] : [])])
  // A processor may die while the health is not served yet: that is said below
  over.catch(() => {})
  let served: { stop(): Promise<void> } | undefined
  try {
    served = await serve?.(health)
    await over
  } finally {
    clearInterval(timer)
    await served?.stop()
    await Promise.allSettled(running.map((processor) => processor.stop()))
    // The channel to the parent would keep this process alive
    if (process.connected) process.disconnect()
  }
}

async function start(
  name: string,
  config: Config,
  opened: Opened,
  orders: ChildOrders | undefined,
): Promise<Running> {
  const settings = config.processors[name]
  if (!settings)
    throw new Error(
      `there is no processor "${name}": ${didYouMean(name, [...Object.keys(config.processors), gatewayName])}`,
    )
  const instance =
    orders?.instance ?? `${name}-${config.log.kafka.instance ?? `${hostname()}-${process.pid}`}`
  if (settings.stages.includes(sinkName)) return startSinkHere(name, instance, config, opened)
  const processor = (await murmur(config)).processors.find((one) => one.name === name)
  if (!processor) throw new Error(`processor "${name}" has no stages`)
  const mark = orders?.mark
  const { meter, done, stop } = await startProcessor(
    processor,
    {
      ...processorSettings(name, config),
      deadly: orders?.deadly ?? [],
      ...(mark ? { onRecord: (id: string) => writeFileSync(mark, id) } : {}),
    },
    opened,
  )
  return { health: () => meter.health(instance), done, stop }
}

async function startSinkHere(
  name: string,
  instance: string,
  config: Config,
  opened: Opened,
): Promise<Running> {
  // Somebody waits for a reply, nobody for a row: where they compete for a core, the row comes second
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  const olap = await openOlapToWrite(config)
  const { meter, done, stop } = await startSink({
    ...opened,
    ...processorSettings(name, config),
    olap,
    tables: tablesIn(config.olap.database),
    prepare: () => prepareOlap(olap, config.olap),
    group: name,
  })
  return {
    health: () => ({ ...meter.health(instance), name }),
    done,
    async stop() {
      await stop()
      await olap.close()
    },
  }
}

const tablesIn = (database: string) =>
  Object.fromEntries(
    Object.entries(columns).map(([topic, names]) => [
      topic,
      { table: `${database}.${topic}`, columns: names },
    ]),
  )
