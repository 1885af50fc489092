import { Registry as MetricsRegistry } from 'prom-client'
import type { Config } from '../config.ts'
import { openOlapToRead } from '../connectors/olap/open.ts'
import type { Opened } from '../connectors/open.ts'
import { defaultLimits, openGateway } from '../gateway/gateway.ts'
import { registryRoutes } from '../gateway/registry.ts'
import { type Listening, listen, listenForHealth } from '../gateway/server.ts'
import type { HealthReport } from '../streams/health.ts'
import { processorMetrics } from './metrics.ts'

/**
 * Serves the gateway. Any number of them may serve one log: each follows all replies.
 * @throws where the port can't be had
 */
export async function serveGateway(
  config: Config,
  { log, registry, served }: Opened,
  health: () => HealthReport,
): Promise<Listening> {
  const { instance } = config.log.kafka
  const olap = openOlapToRead(config)
  try {
    const gateway = await openGateway({
      ...(instance === undefined ? {} : { name: `gateway:${instance}` }),
      ...{ log, registry, olap, health, metrics: metricsOf(health), now: Date.now },
      limits: { ...defaultLimits, query: config.olap },
      registryRoutes: served && registryRoutes(served),
    })
    const { address, stop } = await listen(gateway, config.gateway)
    return {
      address,
      async stop() {
        await stop()
        await olap.close()
      },
    }
  } catch (error) {
    await olap.close()
    throw error
  }
}

/** Serves health and metrics alone, for processors that run by themselves. @throws where the port can't be had */
export const serveHealth = (config: Config, health: () => HealthReport): Promise<Listening> =>
  listenForHealth({ health, metrics: metricsOf(health), now: Date.now }, config.gateway)

function metricsOf(health: () => HealthReport): MetricsRegistry {
  const metrics = new MetricsRegistry()
  processorMetrics(metrics, health)
  return metrics
}
