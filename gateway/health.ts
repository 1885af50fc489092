import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { faultsIn } from '../streams/health.ts'
import type { Gateway } from './gateway.ts'

/** What answers for a process; without a gateway there are no replies to follow and nothing to append. */
export type Vitals = Pick<Gateway, 'health' | 'metrics' | 'now'> & Partial<Pick<Gateway, 'replies' | 'probe'>>

const probeMs = 2000

/**
 * GET /healthz: the process is alive, and what it does less well than it should. GET /readyz: it can do its work; else 503 and what keeps it from that.
 * GET /v1/status: the health report. GET /metrics: Prometheus' text format.
 */
export const healthRoutes = (vitals: Vitals): Hono =>
  new Hono()
    .get('/healthz', (c) => {
      const { startedAt, processors } = vitals.health()
      const degraded = faultsIn(processors)
      return c.json({
        alive: true,
        degraded,
        startedAt,
        uptimeMs: vitals.now() - startedAt,
        pid: process.pid,
      })
    })
    .get('/readyz', async (c) => {
      const reasons = await reasonsAgainst(vitals)
      return c.json({ ready: reasons.length === 0, reasons }, reasons.length === 0 ? 200 : 503)
    })
    .get('/v1/status', (c) => c.json(vitals.health()))
    .get('/metrics', async (c) => {
      c.header('content-type', vitals.metrics.contentType)
      return c.body(await vitals.metrics.metrics())
    })

async function reasonsAgainst({ health, replies, probe }: Vitals): Promise<string[]> {
  const { ready, processors } = health()
  const reasons = processors
    .filter(({ state }) => state !== 'running' && state !== 'idle')
    .map(
      ({ name, instance, state, reason }) =>
        `processor ${name} (${instance}) is ${state}${reason ? `: ${reason}` : ''}`,
    )
  if (!ready && reasons.length === 0) reasons.push('the pipeline has not started all of its processors yet')
  if (replies?.fault) reasons.push(`replies can’t be read: ${replies.fault.message}`)
  if (!probe) return reasons
  const late = sleep(probeMs, `no answer within ${probeMs} ms`, { ref: false })
  const fault = await Promise.race([
    probe().then(
      () => undefined,
      (error: Error) => error.message,
    ),
    late,
  ])
  if (fault) reasons.push(`the log takes no writes: ${fault}`)
  return reasons
}
