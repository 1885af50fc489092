import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Registry as MetricsRegistry } from 'prom-client'
import type { Config } from '../config.ts'
import { openOlapToRead } from '../connectors/olap/open.ts'
import { type Opened, openConnectors } from '../connectors/open.ts'
import { feed } from '../connectors/sources/feed.ts'
import { defaultLimits, openGateway } from '../gateway/gateway.ts'
import { registryRoutes } from '../gateway/registry.ts'
import { listen } from '../gateway/server.ts'
import { packageRoot } from '../schemas/root.ts'
import { topics } from '../schemas/topics.ts'
import type { HealthReport } from '../streams/health.ts'
import { lagByGroup, sumOf } from '../streams/runtime/lag.ts'
import { supervise } from '../streams/runtime/supervisor.ts'
import { murmur } from '../streams/topology.ts'
import { processorMetrics } from './metrics.ts'
import { claimFolder } from './running.ts'
import { ingestUtterances } from './utterances.ts'

/** Everything of one machine: the gateway here, each processor in a process of its own. */
export interface Pipeline {
  readonly address: string | undefined
  health(): HealthReport
  /** Resolves when the feed has been replayed; undefined where there is none. */
  readonly fed: Promise<void> | undefined
  /** Drains: the gateway first, then the feed, then the processors. */
  stop(): Promise<void>
}

const lagEveryMs = 1000
const maintainEveryMs = 10_000

/**
 * Starts the pipeline.
 * @param self the program and arguments that run `murmur start --only`
 * @throws where the configuration makes no sense, the folder is in use, the port is taken, or the data is of a newer version; nothing is left running then
 */
export async function startPipeline(config: Config, self: readonly [string, ...string[]]): Promise<Pipeline> {
  // A stage that doesn't exist is found here, and not by one process after the other
  await murmur(config)
  const opened = openConnectors(config)
  const closing: (() => unknown)[] = [() => opened.close()]
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) await close()
  }
  try {
    return { ...(await startParts(config, self, opened, closing)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** @param closing takes what ends each part, in the order in which they were started */
async function startParts(
  config: Config,
  self: readonly [string, ...string[]],
  opened: Opened,
  closing: (() => unknown)[],
): Promise<Omit<Pipeline, 'stop'>> {
  const startedAt = Date.now()
  const { log, registry, served, exclusively } = opened
  const claim = claimFolder(config.data, exclusively)
  closing.push(claim.release)
  await opened.createTopics(topics.map(({ name }) => name))
  for (const { name, codec } of topics) await registry.register(`${name}-value`, codec.schema)

  const supervisor = supervise({
    processors: Object.entries(config.processors).map(([name, { instances }]) => ({ name, instances })),
    command: self,
    folder: config.data,
    onExit: (instance, why) => console.error(`murmur: ${instance} died (${why}); it is started again`),
  })
  closing.push(() => supervisor.stop())
  let lags: Awaited<ReturnType<typeof lagByGroup>> = new Map()
  const health = (): HealthReport => {
    const processors = supervisor.health().map((one) => ({ ...one, lag: sumOf(lags.get(one.name)) }))
    const ready = processors.every(({ state }) => state === 'running' || state === 'idle')
    return { ready, startedAt, processors }
  }

  const ending = new AbortController()
  const background = [
    every(lagEveryMs, ending.signal, async () => {
      lags = await lagByGroup(log)
    }),
    every(maintainEveryMs, ending.signal, () => opened.maintain(Date.now())),
  ]
  const fed = config.feed.enabled ? replayFeed(config, opened, ending.signal) : undefined
  closing.push(() => {
    ending.abort()
    return Promise.allSettled([...background, fed])
  })
  if (!config.gateway.enabled) return { address: undefined, health, fed }

  const olap = openOlapToRead(config)
  closing.push(() => olap.close())
  const metrics = new MetricsRegistry()
  processorMetrics(metrics, health)
  const limits = { ...defaultLimits, query: config.olap }
  const parts = { name: 'gateway', log, registry, olap, health, metrics, now: Date.now, limits }
  const gateway = await openGateway({ ...parts, registryRoutes: served && registryRoutes(served) })
  const { address, stop } = await listen(gateway, config.gateway)
  closing.push(stop)
  claim.announce(address)
  return { address, health, fed }
}

/** Does a piece of work again and again; a failure is told and does not end it. */
async function every(ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work().catch((error: Error) => console.error(`murmur: ${error.message}`))
    await sleep(ms, undefined, { signal }).catch(() => {})
  }
}

/** Replays the feed of the configuration, from where the last start left off. */
async function replayFeed(
  { feed: { file, speed } }: Config,
  opened: Opened,
  signal: AbortSignal,
): Promise<void> {
  const source = feed({ path: file ?? bundledFeed, speed, name: 'feed' })
  await ingestUtterances(source, [], opened, { signal })
}

const bundledFeed = join(packageRoot(), 'examples', 'feed.jsonl')
