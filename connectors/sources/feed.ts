import { setTimeout as sleep } from 'node:timers/promises'
import { jsonl } from './jsonl.ts'
import type { Row, Source, SourceRow } from './source.ts'

export interface FeedOptions {
  /** JSON lines in order of `at`: seconds from the start of the feed. */
  readonly path: string
  /** How many seconds of the feed pass in one. Default: 1. */
  readonly speed?: number | undefined
  /** What the position is remembered under; the file's path by default. */
  readonly name?: string | undefined
}

/**
 * A recorded feed, played once: each row comes when its time has come, with that moment as its `occurredAt`. The
 * first row comes at once, also where a restart goes on in the middle.
 * @throws SOURCE_INVALID
 */
export function feed({ path, speed = 1, name }: FeedOptions): Source {
  const { id, size, read } = jsonl({ path, name })
  return {
    id,
    size,
    async *read(position, { signal }) {
      let start: number | undefined
      for await (const batch of read(position, { signal, maxRows: 1 })) {
        const row = timed(batch.rows[0] as SourceRow)
        if ('reason' in row) {
          yield { ...batch, rows: [row] }
          continue
        }
        const { at, ...fields } = row.fields
        const elapsed = ((at as number) * 1000) / speed
        start ??= Date.now() - elapsed
        const occurredAt = Math.round(start + elapsed)
        await sleep(occurredAt - Date.now(), undefined, { signal }).catch(() => {})
        if (signal.aborted) return
        yield { ...batch, rows: [{ at: row.at, fields: { ...fields, occurredAt } }] }
      }
    },
  }
}

/** The row, or what is wrong with its time. */
function timed(row: SourceRow): SourceRow {
  if ('reason' in row || typeof row.fields.at === 'number') return row
  const { at, fields } = row as Row
  return {
    at,
    raw: Buffer.from(JSON.stringify(fields)),
    reason: `line ${at}: field "at": ${JSON.stringify(fields.at)} is not a number; write the seconds from the start of the feed`,
  }
}
