import { Gauge, type Registry } from 'prom-client'
import type { HealthReport, ProcessorHealth } from '../streams/health.ts'

/** What the processors report, as Prometheus metrics. They are read off the health report at each scrape. */
export function processorMetrics(registry: Registry, health: () => HealthReport): void {
  const gauge = (name: string, help: string, value: (one: ProcessorHealth) => number | undefined) =>
    new Gauge({
      name: `murmur_processor_${name}`,
      help,
      labelNames: ['processor', 'instance'],
      registers: [registry],
      collect() {
        this.reset()
        for (const one of health().processors) {
          const number = value(one)
          if (number !== undefined) this.set({ processor: one.name, instance: one.instance }, number)
        }
      },
    })
  gauge('up', 'Whether the processor runs: 1, or 0', ({ state }) =>
    Number(state === 'running' || state === 'idle'),
  )
  gauge('lag_records', 'Records that its group has still to read', ({ lag }) => lag)
  gauge('rate_records', 'Records a second, of late', ({ rate }) => rate)
  gauge(
    'delay_p50_ms',
    "From a record's own time to its commit: median, of late",
    ({ delayMs }) => delayMs?.p50,
  )
  gauge(
    'delay_p99_ms',
    "From a record's own time to its commit: 99th percentile, of late",
    ({ delayMs }) => delayMs?.p99,
  )
  gauge('records_in', 'Records read since the process started', ({ counts }) => counts?.in)
  gauge('records_out', 'Records written since the process started', ({ counts }) => counts?.out)
  gauge('records_rejected', 'Records refused since the process started', ({ counts }) => counts?.rejected)
  gauge('batches', 'Batches committed since the process started', ({ counts }) => counts?.batches)
  new Gauge({
    name: 'murmur_stage_busy_ms',
    help: 'Time that a stage has taken since its process started',
    labelNames: ['processor', 'instance', 'stage'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { name, instance, stages = {} } of health().processors) {
        for (const [stage, { ms }] of Object.entries(stages))
          this.set({ processor: name, instance, stage }, ms)
      }
    },
  })
}
