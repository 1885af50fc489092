/**
 * What a pipeline knows about itself. The runtime makes the report; the gateway and the command line show it.
 * Times are in milliseconds since the epoch.
 */
export interface HealthReport {
  /** Every processor has been assigned its partitions and works. */
  readonly ready: boolean
  readonly startedAt: number
  readonly processors: readonly ProcessorHealth[]
}

/**
 * - `starting`: loads its stages, or waits for its partitions
 * - `running`: makes progress
 * - `idle`: has read everything there is
 * - `retrying`: the world is at fault; the batch in hand is tried again
 * - `stuck`: has input, but has made no progress for too long
 * - `stopped`: was told to stop
 * - `failed`: gave up, and needs someone: `reason` says why
 */
type ProcessorState = 'starting' | 'running' | 'idle' | 'retrying' | 'stuck' | 'stopped' | 'failed'

/** What the processors' stages do less well than they should, in words for a person. */
export const faultsIn = (processors: readonly ProcessorHealth[]): string[] =>
  processors.flatMap(({ instance, stages = {} }) =>
    Object.entries(stages).flatMap(([stage, { faults = [] }]) =>
      faults.map((fault) => `${stage} of ${instance}: ${fault}`),
    ),
  )

export interface ProcessorHealth {
  readonly name: string
  /** Tells the instances of one processor apart. */
  readonly instance: string
  readonly pid?: number
  readonly state: ProcessorState
  /** Why it is in this state, in words for a person. */
  readonly reason?: string
  /** Records that it has still to read. */
  readonly lag?: number
  /** Records a second, of late. */
  readonly rate?: number
  /** Milliseconds from an event's append to its commit behind this processor, of late. */
  readonly delayMs?: { readonly p50: number; readonly p99: number }
  readonly lastProgressAt?: number
  /** Since the process started. */
  readonly counts?: {
    readonly in: number
    readonly out: number
    readonly rejected: number
    readonly batches: number
  }
  /** What each stage has taken since the process started. */
  readonly stages?: Readonly<Record<string, StageTimes>>
}

/** What a stage tells of itself. */
export interface StageVitals {
  /** The version of what it works by, such as a language model. */
  readonly version?: string
  /** Messages since its process started by some property of how they were worked on, such as the tier that answered. */
  readonly tallies?: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Why it does less than it should, in words for a person. */
  readonly faults?: readonly string[]
}

/** What a stage has done since its process started. The sink reports its inserts in the same way, by table. */
export interface StageTimes extends StageVitals {
  readonly batches: number
  readonly messages: number
  readonly ms: number
}
