export interface FloodSettings {
  /** The highest share of dead letters, 0 to 1. */
  readonly maxShare: number
  /** Over how long the share is taken, in milliseconds. */
  readonly windowMs: number
  /** So many dead letters are always allowed. */
  readonly minimum: number
}

export const defaultFlood: FloodSettings = { maxShare: 0.5, windowMs: 60_000, minimum: 1000 }

/** Too large a share of what comes in is refused: the fault is upstream, and filling `deadletters` won't help. */
export class FloodError extends Error {
  constructor(rejected: number, total: number, reason: string) {
    super(
      `${rejected} of the last ${total} messages were refused, the last one because: ${reason}. Nothing of this batch ` +
        'was written. Mend the sender, or raise deadletters.maxShare; then start again.',
    )
    this.name = 'FloodError'
  }
}

/** Counts messages and dead letters over a sliding window. A batch is admitted, or not, before it is written. */
export class FloodGuard {
  readonly #batches: { at: number; total: number; rejected: number }[] = []
  #total = 0
  #rejected = 0

  constructor(private readonly settings: FloodSettings) {}

  /** @throws FloodError where the batch would take the share over the limit */
  check(now: number, total: number, rejected: number, reason: string): void {
    this.#forget(now)
    const { maxShare, minimum } = this.settings
    const refused = this.#rejected + rejected
    const all = this.#total + total
    if (rejected > 0 && refused > minimum && refused > maxShare * all)
      throw new FloodError(refused, all, reason)
  }

  /** Counts a batch that was written. */
  count(now: number, total: number, rejected: number): void {
    const last = this.#batches.at(-1)
    if (last && now - last.at < 1000) {
      last.total += total
      last.rejected += rejected
    } else this.#batches.push({ at: now, total, rejected })
    this.#total += total
    this.#rejected += rejected
  }

  #forget(now: number): void {
    while (this.#batches[0] && this.#batches[0].at <= now - this.settings.windowMs) {
      const { total, rejected } = this.#batches.shift() as { total: number; rejected: number }
      this.#total -= total
      this.#rejected -= rejected
    }
  }
}
