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
  const stages = function* () {
    for (const { name, instance, stages = {} } of health().processors)
      for (const [stage, told] of Object.entries(stages))
        yield [{ processor: name, instance, stage }, told] as const
  }
  new Gauge({
    name: 'murmur_stage_busy_ms',
    help: 'Time that a stage has taken since its process started',
    labelNames: ['processor', 'instance', 'stage'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [labels, { ms }] of stages()) this.set(labels, ms)
    },
  })
  new Gauge({
    name: 'murmur_stage_tallied_messages',
    help: 'Messages since the process started by how they were worked on, such as the tier that answered',
    labelNames: ['processor', 'instance', 'stage', 'by', 'value'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [labels, { tallies = {} }] of stages())
        for (const [by, counts] of Object.entries(tallies))
          for (const [value, count] of Object.entries(counts)) this.set({ ...labels, by, value }, count)
    },
  })
  new Gauge({
    name: 'murmur_stage_degraded',
    help: 'Whether a stage does less than it should: 1, or 0',
    labelNames: ['processor', 'instance', 'stage'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [labels, { faults }] of stages()) if (faults) this.set(labels, Number(faults.length > 0))
    },
  })
}
