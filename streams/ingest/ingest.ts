import type { Log } from '../../connectors/log/log.ts'
import type { Source, SourceRow } from '../../connectors/sources/source.ts'
import type { Destination } from '../runtime/encoder.ts'
import type { Backoff } from '../runtime/retry.ts'
import { columnGetter, type Mapping } from './mapping.ts'
import { paceOf } from './pace.ts'
import { rowEncoder } from './rows.ts'
import { openWriter } from './writer.ts'

/** A batch, and with it an append, has at most so many rows. */
const maxRows = 2000

export interface IngestOptions {
  readonly source: Source
  readonly mapping: Mapping
  readonly log: Log
  /** How topics are written, by name; of `utterances` and `deadletters` at least. */
  readonly destinations: ReadonlyMap<string, Destination>
  /** Rows a second; undefined: as many as the log takes. */
  readonly ratePerSecond?: number | undefined
  /** When dead letters are dated, in milliseconds since the epoch. */
  readonly now: number
  /** An abort lets the append in flight finish, and ends the ingest; the next one goes on there. */
  readonly signal: AbortSignal
  readonly onProgress?: ((progress: IngestProgress) => void) | undefined
  readonly backoff?: Backoff | undefined
}

/** What this run has done. Rows count once they are durable. */
export interface Ingested {
  /** Rows taken: utterances and dead letters. */
  readonly read: number
  readonly written: number
  readonly rejected: number
  /** Bytes of the source that are done, by earlier runs too. */
  readonly bytes: number
  /** Columns that the mapping names and no row has had so far: misspelt, perhaps. */
  readonly unseenColumns: readonly string[]
}

export interface IngestProgress extends Ingested {
  /** `retrying`: the log doesn't take the batch in hand, `reason` says why; it is tried again. */
  readonly state: 'running' | 'retrying'
  readonly reason?: string
}

/**
 * Reads a source into the log: rows become utterances, dated when they were said and keyed by conversation; those
 * that are broken or don't fit become dead letters. Rows and the source's position commit together, so that
 * an ingest that was interrupted, however it was, goes on without loss or doubles.
 *
 * While one append is in flight, the next batch is read and encoded, and no more: a slow log slows the source.
 * @throws ConnectorError where the source can't be read, or the log fails in a way that waiting doesn't mend
 */
export async function ingest(options: IngestOptions): Promise<Ingested> {
  const { source, log, mapping, signal, onProgress = () => {} } = options
  let done: Ingested = { read: 0, written: 0, rejected: 0, bytes: 0, unseenColumns: mapping.columns }
  const encode = rowEncoder({ ...options, source: source.id })
  const pace = paceOf(options.ratePerSecond, maxRows)
  const writer = await openWriter({
    log,
    id: `source:${source.id}`,
    signal,
    backoff: options.backoff,
    onRetry: (reason) => onProgress({ ...done, state: 'retrying', reason }),
  })
  const failed = new AbortController()
  const reading = { signal: AbortSignal.any([signal, failed.signal]), maxRows: pace.maxRows }
  let inFlight = Promise.resolve()
  try {
    for await (const { rows, position, bytes } of source.read(writer.position, reading)) {
      const { batches, written, rejected } = encode(rows)
      const unseenColumns = unseen(done.unseenColumns, rows)
      await inFlight
      if (!(await pace.take(rows.length, reading.signal))) break
      inFlight = writer.append(batches, position).then((isDurable) => {
        if (!isDurable) return
        done = {
          read: done.read + rows.length,
          written: done.written + written,
          rejected: done.rejected + rejected,
          bytes,
          unseenColumns,
        }
        onProgress({ ...done, state: 'running' })
      })
      inFlight.catch(() => failed.abort())
    }
    await inFlight
  } finally {
    await inFlight.catch(() => {})
    await writer.close()
  }
  return done
}

const unseen = (columns: readonly string[], rows: readonly SourceRow[]): readonly string[] =>
  columns.filter((column) => {
    const get = columnGetter(column)
    return !rows.some((row) => 'fields' in row && get(row.fields) !== undefined)
  })
