import { isUtf8 } from 'node:buffer'
import type { FileHandle } from 'node:fs/promises'
import { type CsvError, Parser } from 'csv-parse'
import { bytesAt, chunksOf } from './file.ts'
import { keptBytes } from './lines.ts'
import type { Fields, SourceRow } from './source.ts'

export interface CsvFormat {
  readonly delimiter: string
  readonly quote: string
}

/** A row, with how much of the file is taken once it is. */
export interface CsvRow extends Place {
  readonly row: SourceRow
}

/** So many bytes, and lines, from the start of the file. */
interface Place {
  readonly offset: number
  readonly line: number
}

const maxRowBytes = 1024 * 1024

export const csvOptions = ({ delimiter, quote }: CsvFormat) => ({
  delimiter,
  quote,
  escape: quote,
  bom: true,
  record_delimiter: ['\r\n', '\n'],
  relax_column_count: true,
  max_record_size: maxRowBytes,
})

const faults: Readonly<Record<string, string>> = {
  CSV_INVALID_CLOSING_QUOTE: 'has text behind a closing quote; double the quotes inside a quoted value',
  INVALID_OPENING_QUOTE: 'has a quote inside an unquoted value; quote the value and double the quotes in it',
  CSV_QUOTE_NOT_CLOSED: 'opens a quote that is never closed; close it',
  CSV_MAX_RECORD_SIZE: `begins a row of more than ${maxRowBytes} bytes; close its quote, or split it`,
}

/**
 * Reads rows on from a place, those of one chunk at a time. A fault of quoting breaks only the line on which the
 * row begins: reading starts anew at the next.
 */
export async function* readRows(
  file: FileHandle,
  columns: readonly string[],
  format: CsvFormat,
  from: Place,
  signal: AbortSignal,
): AsyncGenerator<readonly CsvRow[]> {
  let place = from
  for (;;) {
    const parser = rowParser(columns, format, place)
    let fault: Error | undefined
    for await (const chunk of chunksOf(file, place.offset, signal)) {
      fault = await parser.write(chunk)
      yield await settled(file, parser.take())
      if (fault) break
    }
    if (signal.aborted) return
    fault ??= await parser.end()
    yield await settled(file, parser.take())
    if (!fault) return
    const broken = await brokenLine(file, parser.place(), fault)
    yield [broken]
    place = broken
  }
}

/** A row as parsed. What is in doubt is looked up in the file's bytes. */
interface ParsedRow extends Place {
  readonly start: number
  readonly at: string
  readonly fields: Fields
  readonly problem: string | undefined
  readonly inDoubt: boolean
}

function rowParser(columns: readonly string[], format: CsvFormat, from: Place) {
  let { offset, line } = from
  let rows: ParsedRow[] = []
  let inDoubt = false
  const parser = new Parser({
    ...csvOptions(format),
    bom: from.offset === 0,
    on_record(values: readonly string[], { bytes }) {
      const start = offset
      const at = String(line + 1)
      offset = from.offset + bytes
      line += 1 + lineBreaks(values)
      const isBlank = values.length === 1 && values[0] === ''
      const problem =
        values.length === columns.length
          ? undefined
          : `line ${at} has ${values.length} values for ${columns.length} columns; quote a value that has the delimiter in it`
      if (!isBlank)
        rows.push({
          start,
          offset,
          line,
          at,
          fields: fieldsOf(columns, values),
          problem,
          inDoubt: inDoubt || problem !== undefined,
        })
      return null
    },
  })
  parser.on('error', () => {
    // `write` and `end` hand it out
  })
  const outcome = (call: (done: (error?: Error | null) => void) => void) =>
    new Promise<Error | undefined>((resolve) => call((error) => resolve(error ?? undefined)))
  return {
    write(chunk: Buffer) {
      inDoubt = !isUtf8(chunk)
      return outcome((done) => parser.write(chunk, done))
    },
    end: () => outcome((done) => parser.end(done)),
    take() {
      const taken = rows
      rows = []
      return taken
    },
    /** Behind the last row. */
    place: (): Place => ({ offset, line }),
  }
}

function fieldsOf(columns: readonly string[], values: readonly string[]): Fields {
  const fields: Record<string, unknown> = {}
  for (let i = 0; i < columns.length; i++) fields[columns[i] as string] = values[i]
  return fields
}

function lineBreaks(values: readonly string[]): number {
  let count = 0
  for (const value of values)
    for (let i = value.indexOf('\n'); i !== -1; i = value.indexOf('\n', i + 1)) count++
  return count
}

async function settled(file: FileHandle, rows: readonly ParsedRow[]): Promise<CsvRow[]> {
  const settled: CsvRow[] = []
  for (const { start, offset, line, at, fields, problem, inDoubt } of rows) {
    let row: SourceRow = { at, fields }
    if (inDoubt) {
      const raw = withoutBreak(await bytesAt(file, start, offset - start))
      const reason = isUtf8(raw)
        ? problem
        : `line ${at} has bytes that are not UTF-8; convert the file to UTF-8`
      if (reason !== undefined) row = { at, raw, reason }
    }
    settled.push({ row, offset, line })
  }
  return settled
}

/** The line behind a place, as a row that the fault broke. */
async function brokenLine(file: FileHandle, { offset, line }: Place, fault: Error): Promise<CsvRow> {
  const first = await bytesAt(file, offset, keptBytes)
  let read = first
  let length = 0
  while (read.length > 0 && read.indexOf('\n') === -1) {
    length += read.length
    read = await bytesAt(file, offset + length, keptBytes)
  }
  length += read.indexOf('\n') + 1
  const at = String(line + 1)
  const raw = withoutBreak(first.subarray(0, length))
  const what = faults[(fault as CsvError).code] ?? fault.message
  return { row: { at, raw, reason: `line ${at} ${what}` }, offset: offset + length, line: line + 1 }
}

const withoutBreak = (line: Buffer): Buffer => {
  const end = line.lastIndexOf('\n')
  if (end === -1 || end < line.length - 1) return line
  return line.subarray(0, line[end - 1] === 0x0d ? end - 1 : end)
}
