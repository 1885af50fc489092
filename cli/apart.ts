import { cautionsOf } from '../config/sense.ts'
import type { Config } from '../config.ts'
import type { Opened } from '../connectors/open.ts'
import type { ProcessorHealth } from '../streams/health.ts'
import { asPart } from './instance.ts'
import { gatewayName, ordersFromParent, runProcessors } from './processes.ts'
import { prepare, withConnectors } from './session.ts'

/**
 * Runs parts of the pipeline in this process until the signal: one processor for a supervisor, or what a person or
 * an orchestrator wants to run here, beside any number of other processes, on any number of machines.
 * @param only processors, and "gateway"
 * @param answering whether health and metrics are to be served also where there is no gateway
 */
export async function runApart(
  only: readonly string[],
  config: Config,
  signal: AbortSignal,
  answering: boolean,
): Promise<void> {
  const orders = ordersFromParent()
  if (orders) {
    const own = asPart(config, orders.instance)
    return withConnectors(own, (opened) => runProcessors(only, own, opened, signal))
  }
  for (const caution of cautionsOf(config)) console.error(`murmur: ${caution}`)
  await withConnectors(config, async (opened) => {
    await prepare(opened)
    const processors = only.filter((name) => name !== gatewayName)
    const answer = only.includes(gatewayName) ? gatewayName : answering ? 'health' : undefined
    await runProcessors(processors, config, opened, signal, (health) =>
      accompany(answer, config, opened, health),
    )
  })
}

/** What a supervisor does for its processors, and the gateway if it is wanted here. */
async function accompany(
  answer: 'gateway' | 'health' | undefined,
  config: Config,
  opened: Opened,
  processors: () => readonly ProcessorHealth[],
): Promise<{ stop(): Promise<void> }> {
  const ending = new AbortController()
  const { background } = await import('./background.ts')
  const { health, done } = background(opened, processors, ending.signal)
  const end = async () => {
    ending.abort()
    await done
  }
  if (!answer) return { stop: end }
  try {
    // Only here, so that processors that answer to nobody load no HTTP
    const { serveGateway, serveHealth } = await import('./serving.ts')
    const listening = await (answer === gatewayName
      ? serveGateway(config, opened, health)
      : serveHealth(config, health))
    console.error(`murmur: ${answer} at ${listening.address}`)
    return {
      async stop() {
        await listening.stop()
        await end()
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}
