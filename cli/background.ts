import { setTimeout as sleep } from 'node:timers/promises'
import type { Opened } from '../connectors/open.ts'
import type { HealthReport, ProcessorHealth } from '../streams/health.ts'
import { lagByGroup, sumOf } from '../streams/runtime/lag.ts'

const lagEveryMs = 1000
const maintainEveryMs = 10_000

/** What a pipeline, or a part of it that runs by itself, does beside its work. */
export interface Background {
  health(): HealthReport
  /** Ends with the signal. */
  readonly done: Promise<unknown>
}

/** Follows the lag of processors, reports their health, and maintains what is embedded. */
export function background(
  opened: Opened,
  processors: () => readonly ProcessorHealth[],
  signal: AbortSignal,
): Background {
  const startedAt = Date.now()
  let lags: Awaited<ReturnType<typeof lagByGroup>> = new Map()
  return {
    health() {
      const found = processors().map((one) => ({ ...one, lag: sumOf(lags.get(one.name)) }))
      const ready = found.every(({ state }) => state === 'running' || state === 'idle')
      return { ready, startedAt, processors: found }
    },
    done: Promise.all([
      every(lagEveryMs, signal, async () => {
        lags = await lagByGroup(opened.log)
      }),
      every(maintainEveryMs, signal, () => opened.maintain(Date.now())),
    ]),
  }
}

/** Does a piece of work again and again; a failure is told and does not end it. */
async function every(ms: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work().catch((error: Error) => console.error(`murmur: ${error.message}`))
    await sleep(ms, undefined, { signal }).catch(() => {})
  }
}
