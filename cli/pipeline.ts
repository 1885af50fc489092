import { join } from 'node:path'
import { cautionsOf } from '../config/sense.ts'
import type { Config } from '../config.ts'
import { type Opened, openConnectors } from '../connectors/open.ts'
import { feed } from '../connectors/sources/feed.ts'
import { packageRoot } from '../schemas/root.ts'
import type { HealthReport } from '../streams/health.ts'
import { supervise } from '../streams/runtime/supervisor.ts'
import { murmur } from '../streams/topology.ts'
import { background } from './background.ts'
import { asPart } from './instance.ts'
import { claimFolder } from './running.ts'
import { serveGateway } from './serving.ts'
import { prepare } from './session.ts'
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

/**
 * Starts the pipeline.
 * @param self the program and arguments that run `murmur start --only`
 * @throws where the configuration makes no sense, the folder is in use, the port is taken, or the data is of a newer version; nothing is left running then
 */
export async function startPipeline(config: Config, self: readonly [string, ...string[]]): Promise<Pipeline> {
  // A stage that doesn't exist is found here, and not by one process after the other
  await murmur(config)
  for (const caution of cautionsOf(config)) console.error(`murmur: ${caution}`)
  const opened = await openConnectors(config)
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
  const claim = await claimFolder(config.data)
  closing.push(claim.release)
  await prepare(opened)

  const supervisor = supervise({
    processors: Object.entries(config.processors).map(([name, { instances }]) => ({ name, instances })),
    command: self,
    folder: config.data,
    onExit: (instance, why) => console.error(`murmur: ${instance} died (${why}); it is started again`),
  })
  closing.push(() => supervisor.stop())
  const ending = new AbortController()
  const { health, done } = background(opened, supervisor.health, ending.signal)
  const fed = config.feed.enabled ? replayFeed(config, opened, ending.signal) : undefined
  closing.push(() => {
    ending.abort()
    return Promise.allSettled([done, fed])
  })
  if (!config.gateway.enabled) return { address: undefined, health, fed }

  const { address, stop } = await serveGateway(asPart(config, 'gateway'), opened, health)
  closing.push(stop)
  claim.announce(address)
  return { address, health, fed }
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
