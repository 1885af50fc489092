import type { Records } from '../../connectors/log/records.ts'
import type { ProcessorHealth, StageTimes, StageVitals } from '../health.ts'

/** Delays are counted in buckets that grow by a tenth: quantiles within 10%, in a few hundred numbers. */
const growth = Math.log(1.1)
const idle: StageTimes = { batches: 0, messages: 0, ms: 0 }

/** What one processor does: counts, times and state, for health, metrics and `murmur status`. */
export class Meter {
  #state: ProcessorHealth['state'] = 'starting'
  #reason: string | undefined
  #workingSince: number | undefined
  #lastProgressAt: number
  #delays = new Float64Array(256)
  #windowStart: number
  #windowIn = 0
  #rate = 0
  #quantiles: { p50: number; p99: number } | undefined
  recordsIn = 0
  recordsOut = 0
  rejected = 0
  batches = 0
  readonly stages = new Map<string, StageTimes>()

  /** @param vitals what the stages tell of themselves, by stage */
  constructor(
    private readonly name: string,
    private readonly now: () => number,
    private readonly stuckAfterMs = 30_000,
    private readonly vitals: () => Readonly<Record<string, StageVitals>> = () => ({}),
  ) {
    this.#lastProgressAt = now()
    this.#windowStart = performance.now()
  }

  state(state: ProcessorHealth['state'], reason?: string): void {
    this.#state = state
    this.#reason = reason
  }

  /** Nothing comes just now, for this reason; or, without one, it goes on. */
  fault(reason: string | undefined): void {
    this.state(reason === undefined ? 'running' : 'retrying', reason)
  }

  /** Notes how the processor ends. */
  async follow(done: Promise<void>): Promise<void> {
    try {
      await done
      this.state('stopped', 'asked to stop')
    } catch (error) {
      this.state('failed', (error as Error).message)
      throw error
    }
  }

  begin(): void {
    this.#workingSince = performance.now()
  }

  /** The batch in hand was lost or given back: whoever has it now works on it. */
  givenUp(): void {
    this.#workingSince = undefined
    this.state('running')
  }

  readonly onStage = (stage: string, messages: number, ms: number): void => {
    const sum = this.stages.get(stage) ?? { batches: 0, messages: 0, ms: 0 }
    this.stages.set(stage, { batches: sum.batches + 1, messages: sum.messages + messages, ms: sum.ms + ms })
  }

  done(inputs: readonly Records[], outputs: readonly Records[], rejected: number): void {
    const now = this.now()
    for (const { count, timestamps } of inputs) {
      this.recordsIn += count
      this.#windowIn += count
      for (const at of timestamps) {
        const bucket = Math.min(255, Math.floor(Math.log(Math.max(1, now - at)) / growth))
        this.#delays[bucket] = (this.#delays[bucket] as number) + 1
      }
    }
    for (const { count } of outputs) this.recordsOut += count
    this.rejected += rejected
    this.batches++
    this.#lastProgressAt = now
    this.#workingSince = undefined
  }

  /** Takes stock: rate and delays are those since the stock before, at least a second ago. */
  health(instance: string): ProcessorHealth {
    // Rates and stand-stills by a clock that nobody can set
    const now = performance.now()
    const seconds = (now - this.#windowStart) / 1000
    if (seconds >= 1) {
      this.#rate = this.#windowIn / seconds
      this.#quantiles =
        this.#windowIn > 0 ? { p50: this.#quantile(0.5), p99: this.#quantile(0.99) } : undefined
      this.#delays = new Float64Array(256)
      this.#windowStart = now
      this.#windowIn = 0
    }
    const stuck =
      this.#state === 'running' &&
      this.#workingSince !== undefined &&
      now - this.#workingSince > this.stuckAfterMs
    const resting = this.#state === 'running' && this.#workingSince === undefined && this.#rate === 0
    const state = stuck ? 'stuck' : resting ? 'idle' : this.#state
    const reason = stuck
      ? `no progress on a batch for ${Math.round((now - (this.#workingSince as number)) / 1000)} s`
      : this.#reason
    const vitals = this.vitals()
    return {
      name: this.name,
      instance,
      pid: process.pid,
      state,
      ...(reason === undefined ? {} : { reason }),
      rate: this.#rate,
      ...(this.#quantiles ? { delayMs: this.#quantiles } : {}),
      lastProgressAt: this.#lastProgressAt,
      counts: {
        in: this.recordsIn,
        out: this.recordsOut,
        rejected: this.rejected,
        batches: this.batches,
      },
      stages: Object.fromEntries(
        [...new Set([...this.stages.keys(), ...Object.keys(vitals)])].map((stage) => [
          stage,
          { ...(this.stages.get(stage) ?? idle), ...vitals[stage] },
        ]),
      ),
    }
  }

  #quantile(q: number): number {
    const wanted = q * this.#windowIn
    let seen = 0
    for (const [bucket, count] of this.#delays.entries()) {
      seen += count
      if (seen >= wanted) return Math.round(Math.exp((bucket + 0.5) * growth))
    }
    return 0
  }
}
