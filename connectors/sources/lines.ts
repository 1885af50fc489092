import { isUtf8 } from 'node:buffer'
import { type Position, positionAfter } from './position.ts'
import type { Fields, Reading, SourceBatch, SourceRow } from './source.ts'

/** A longer line is broken. */
export const maxLineBytes = 16 * 1024 * 1024
/** So much of an over-long line is kept. */
export const keptBytes = 64 * 1024
/** A batch ends when it has taken so many bytes. */
export const maxBatchBytes = 1024 * 1024

const newline = 0x0a

/** Makes a row of a line's text, or says what is wrong with it. */
export type LineParser = (text: string) => Fields | string

/**
 * Reads the lines of an input. Blank lines, a byte order mark and the carriage return of CRLF are no part of
 * any row; the last line needs no newline.
 * @param chunks the input's bytes from `from` on
 * @param head the bytes at the input's beginning, as many as are known by now, up to 4 KiB
 */
export async function* readLines(
  chunks: AsyncIterable<Buffer>,
  from: Position,
  head: () => Buffer,
  parse: LineParser,
  { signal, maxRows }: Reading,
): AsyncGenerator<SourceBatch> {
  const { generation } = from
  let { offset, line } = from
  for await (const lines of wholeLines(chunks, signal)) {
    const { data, dropped } = lines
    const valid = isUtf8(data)
    let rows: SourceRow[] = []
    let batchStart = 0
    let at = offset === 0 && data.indexOf('\ufeff') === 0 ? 3 : 0
    while (at < data.length) {
      const found = data.indexOf(newline, at)
      const next = found === -1 ? data.length : found + 1
      const end = endOfLine(data, at, next)
      line++
      if (!isBlank(data, at, end)) {
        const place = generation === 0 ? String(line) : `${generation}.${line}`
        const made = rowOf(lines, at, end, valid, parse)
        rows.push(
          typeof made === 'string'
            ? { at: place, raw: Buffer.from(data.subarray(at, end)), reason: `line ${line} ${made}` }
            : { at: place, fields: made },
        )
      }
      at = next
      if (at < data.length && rows.length < maxRows && at - batchStart < maxBatchBytes) continue
      const bytes = offset + at + dropped
      const position = positionAfter(head(), generation, bytes, line)
      if (rows.length > 0) yield { rows, position: JSON.stringify(position), bytes }
      if (signal.aborted) return
      rows = []
      batchStart = at
    }
    offset += data.length + dropped
  }
}

/** Where a line's text ends: before LF or CRLF. */
function endOfLine(data: Buffer, start: number, next: number): number {
  const end = data[next - 1] === newline ? next - 1 : next
  return end > start && data[end - 1] === 0x0d ? end - 1 : end
}

/** The fields of one line, or what is wrong with it. */
function rowOf(
  { data, dropped }: Lines,
  start: number,
  end: number,
  valid: boolean,
  parse: LineParser,
): Fields | string {
  if (dropped > 0)
    return `is longer than ${maxLineBytes} bytes; split it, or refer to media by url (its first ${end} bytes are kept)`
  if (!valid && !isUtf8(data.subarray(start, end)))
    return 'has bytes that are not UTF-8; convert the input to UTF-8'
  return parse(data.toString('utf8', start, end))
}

function isBlank(data: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((data[i] as number) > 0x20) return false
  return true
}

interface Lines {
  /** Ends with a newline, or with the input. */
  readonly data: Buffer
  /** Bytes left out behind `data`, which is then the beginning of one over-long line; otherwise 0. */
  readonly dropped: number
}

/** Cuts chunks where lines end. Holds no more than a chunk and a line of the allowed length. */
async function* wholeLines(chunks: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Lines> {
  let parts: Buffer[] = []
  let length = 0
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(newline) + 1
    const first = end === 0 ? 0 : chunk.indexOf(newline) + 1
    if (length + first - 1 > maxLineBytes && first > 0) {
      hold(chunk.subarray(0, first))
      yield takeOverlong()
      if (end > first) yield { data: chunk.subarray(first, end), dropped: 0 }
    } else if (end > 0) {
      hold(chunk.subarray(0, end))
      yield take()
    }
    if (end < chunk.length) hold(chunk.subarray(end))
    if (signal.aborted) return
  }
  if (length === 0 || signal.aborted) return
  yield length > maxLineBytes ? takeOverlong() : take()

  function hold(part: Buffer): void {
    if (length <= maxLineBytes) parts.push(part)
    length += part.length
  }

  function take(): Lines {
    const data = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
    parts = []
    length = 0
    return { data, dropped: 0 }
  }

  function takeOverlong(): Lines {
    const all = length
    const kept = Buffer.from(take().data.subarray(0, keptBytes))
    return { data: kept, dropped: all - kept.length }
  }
}
