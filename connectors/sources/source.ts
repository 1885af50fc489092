/**
 * Where utterances come from: a file, a stream, a feed. A source hands out rows in order, in batches, each with
 * the position after it. Whoever takes the rows commits the position in the same transaction as what became of
 * them, so that an interrupted ingest goes on without loss or doubles.
 * `contract.ts` is the suite that every source passes.
 */
export interface Source {
  /** Stable name of what is read: the position is remembered under it, and ids are made from it. */
  readonly id: string
  /** Bytes in all, where known: for progress. */
  readonly size: number | undefined
  /**
   * Reads batches from a position on (undefined: from the start) until the end, or the signal; an abort ends the
   * iteration quietly.
   * @throws SOURCE_INVALID where the source can't be read, or is not the one that the position belongs to
   */
  read(position: string | undefined, reading: Reading): AsyncIterable<SourceBatch>
}

export interface Reading {
  readonly signal: AbortSignal
  /** A batch has at most so many rows. A reader that is paced asks for few. */
  readonly maxRows: number
}

export interface SourceBatch {
  /** At least one. */
  readonly rows: readonly SourceRow[]
  /** The position after the batch's last row. No two batches of a source share one. */
  readonly position: string
  /** Bytes of the source read so far, those before the position that was given included: for progress. */
  readonly bytes: number
}

/**
 * A row, or what is wrong with it: a broken row becomes a dead letter with its original bytes (the first
 * 64 KiB of them where it is over-long). `at` is the row's place, unique within the source, and the same
 * whenever the row is read again.
 */
export type SourceRow = Row | BrokenRow

export interface Row {
  readonly at: string
  readonly fields: Fields
}

export interface BrokenRow {
  readonly at: string
  readonly raw: Buffer
  readonly reason: string
}

/** A row's values by column. */
export type Fields = Readonly<Record<string, unknown>>
