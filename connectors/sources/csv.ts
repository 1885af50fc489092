import type { FileHandle } from 'node:fs/promises'
import { CsvError, parse } from 'csv-parse/sync'
import { ConnectorError } from '../errors.ts'
import { type CsvFormat, type CsvRow, csvOptions, readRows } from './csvrows.ts'
import { bytesAt, fileAt, openAt } from './file.ts'
import { maxBatchBytes } from './lines.ts'
import { type Position, positionAfter } from './position.ts'
import type { Reading, Source, SourceBatch } from './source.ts'

export interface CsvOptions {
  readonly path: string
  /** One ASCII character. Default: a comma. */
  readonly delimiter?: string | undefined
  /** One ASCII character; doubled inside a quoted value. Default: ". */
  readonly quote?: string | undefined
  /** Names of the columns, in order, where the file has no header row. */
  readonly columns?: readonly string[] | undefined
  /** What the position is remembered under; the file's path by default. */
  readonly name?: string | undefined
}

/**
 * A file of comma-separated values (RFC 4180; LF or CRLF, with or without a byte order mark). A broken row is
 * handed out as such, and reading goes on at the next line; a row of more than 1 MiB is taken for one whose
 * quote isn't closed.
 * @throws SOURCE_INVALID
 */
export function csv({ path, name, columns, delimiter = ',', quote = '"' }: CsvOptions): Source {
  const { path: absolute, id, size } = fileAt(path)
  const source = name ?? id
  const format = { delimiter, quote }
  for (const [option, value] of Object.entries(format))
    if (Buffer.byteLength(value) !== 1)
      throw new ConnectorError(
        'SOURCE_INVALID',
        `option "${option}": "${value}" is not one ASCII character; give one`,
      )
  return {
    id: source,
    size,
    async *read(position, reading) {
      const { file, head, from } = await openAt(absolute, position, source)
      try {
        const header = columns ? { columns, bytes: 0, lines: 0 } : await readHeader(file, absolute, format)
        const start = from.offset > 0 ? from : { ...from, offset: header.bytes, line: header.lines }
        yield* inBatches(readRows(file, header.columns, format, start, reading.signal), head, start, reading)
      } finally {
        await file.close()
      }
    },
  }
}

/** Cuts what was read at once into batches. */
async function* inBatches(
  read: AsyncIterable<readonly CsvRow[]>,
  head: Buffer,
  from: Position,
  { signal, maxRows }: Reading,
): AsyncGenerator<SourceBatch> {
  let start = from.offset
  for await (const rows of read) {
    let first = 0
    for (const [index, { offset: end, line }] of rows.entries()) {
      const last = index === rows.length - 1
      if (!last && index + 1 - first < maxRows && end - start < maxBatchBytes) continue
      yield {
        rows: rows.slice(first, index + 1).map(({ row }) => row),
        position: JSON.stringify(positionAfter(head, 0, end, line)),
        bytes: end,
      }
      if (signal.aborted) return
      first = index + 1
      start = end
    }
  }
}

interface Header {
  readonly columns: readonly string[]
  /** What the header row takes of the file. */
  readonly bytes: number
  readonly lines: number
}

/** @throws SOURCE_INVALID where the first row can't name columns */
async function readHeader(file: FileHandle, path: string, format: CsvFormat): Promise<Header> {
  const start = await bytesAt(file, 0, maxBatchBytes)
  const invalid = (why: string) =>
    new ConnectorError('SOURCE_INVALID', `"${path}": the header row ${why}, or name the columns by option`)
  try {
    const [first] = parse(start, { ...csvOptions(format), to: 1, info: true }) as unknown as [
      { record: string[]; info: { bytes: number; lines: number } }?,
    ]
    if (!first) return { columns: [], bytes: 0, lines: 0 }
    const columns = first.record.map((column) => column.trim())
    const twice = columns.find((column, index) => columns.indexOf(column) !== index)
    if (twice !== undefined) throw invalid(`names column "${twice}" twice; rename one`)
    return { columns, bytes: first.info.bytes, lines: first.info.lines }
  } catch (error) {
    throw error instanceof CsvError ? invalid(`can't be read (${error.message}); mend it`) : error
  }
}
