import { cpus, loadavg, totalmem } from 'node:os'

/** One measured figure. */
export interface Figure {
  /** What was measured; up to a colon the group that it stands in. */
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What the project promises; neither of the two where it promises nothing. */
  readonly atLeast?: number
  readonly atMost?: number
}

export interface SuiteOptions {
  /** Takes the time for ten million utterances, too. */
  readonly long: boolean
  /** Folder with public data sets; what needs one that isn't there is left out. */
  readonly data: string
  /** Folder of the kit that runs and verifies the reference job; what needs it is left out where it isn't there. */
  readonly peers: string
}

/** One file of benches. */
export interface Suite {
  /** What is measured, and how, for a reader of the figures. */
  readonly about: string
  run(options: SuiteOptions): Promise<readonly Figure[]>
}

/** What the figures were measured on, and how busy it was before: with other work beside, times are longer. */
export const machine = (): string =>
  `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, load ${loadavg()[0]?.toFixed(2)}`
