/**
 * Where utterances come from: a file, a stream, a feed. A source hands out rows in order, each with the
 * position after it; the position is committed in the same transaction as the rows, and ids are made from
 * content and position, so that an interrupted ingest goes on without loss or doubles.
 * `contract.ts` is the suite that every source passes.
 */
export interface Source {
  /** Stable name of what is read: the position is remembered under it. */
  readonly id: string
  /** Bytes in all, where known: for progress. */
  readonly size: number | undefined
  /** Reads batches from a position on (undefined: from the start) until the end, or the signal. */
  read(position: string | undefined, signal: AbortSignal): AsyncIterable<SourceBatch>
}

export interface SourceBatch {
  readonly rows: readonly SourceRow[]
  /** The position after the batch's last row. */
  readonly position: string
  /** Bytes read so far, for progress. */
  readonly bytes: number
}

/** A row, or what is wrong with it: a broken row becomes a dead letter with its original bytes. */
export type SourceRow =
  | { readonly at: string; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly at: string; readonly raw: Buffer; readonly reason: string }
