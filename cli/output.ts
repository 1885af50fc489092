/** How every command speaks: results on standard output, progress and errors on standard error. */

/** Prints a result: one JSON value with `--json`, otherwise the text. */
export function print(json: boolean, value: unknown, text: () => string): void {
  process.stdout.write(`${json ? JSON.stringify(value) : text()}\n`)
}

/** Rows as aligned columns under their names. Numbers go to the right. */
export function table(
  rows: readonly Readonly<Record<string, unknown>>[],
  columns = Object.keys(rows[0] ?? {}),
): string {
  if (rows.length === 0) return '(no rows)'
  const cells = rows.map((row) => columns.map((column) => cell(row[column])))
  const widths = columns.map((column, at) =>
    Math.max(width(column), ...cells.map((row) => width(row[at] as string))),
  )
  const right = columns.map((column) =>
    rows.every((row) => typeof row[column] === 'number' || row[column] == null),
  )
  const line = (values: readonly string[]) =>
    values
      .map((value, at) => {
        const blank = ' '.repeat((widths[at] as number) - width(value))
        return right[at] ? blank + value : value + blank
      })
      .join('  ')
      .trimEnd()
  return [line(columns), line(widths.map((size) => '─'.repeat(size))), ...cells.map(line)].join('\n')
}

const maxCell = 60

function cell(value: unknown): string {
  if (value === undefined || value === null) return '–'
  if (typeof value === 'number' && !Number.isInteger(value))
    return value.toFixed(Math.abs(value) < 10 ? 3 : 1)
  const text = (typeof value === 'object' ? JSON.stringify(value) : String(value)).replaceAll('\n', ' ')
  return text.length > maxCell ? `${text.slice(0, maxCell - 1)}…` : text
}

/** Columns that a text takes on a terminal: East Asian wide characters take two. */
function width(text: string): number {
  let columns = 0
  for (const character of text)
    columns +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u.test(
        character,
      )
        ? 2
        : 1
  return columns
}

/** A line that is rewritten in place on a terminal, and printed now and then elsewhere. */
export class LiveLine {
  #printedAt = Number.NEGATIVE_INFINITY
  #last = ''

  constructor(private readonly everyMs = 10_000) {}

  show(text: string): void {
    this.#last = text
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`)
    else if (performance.now() - this.#printedAt >= this.everyMs) {
      process.stderr.write(`${text}\n`)
      this.#printedAt = performance.now()
    }
  }

  /** Prints a line above the live one. */
  note(text: string): void {
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${text}\n${this.#last}` : `${text}\n`)
  }

  end(text = this.#last): void {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}\n`)
    else if (text !== '') process.stderr.write(`${text}\n`)
  }
}

/** "[█████     ]  52%" */
export function bar(share: number, size = 24): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * size)
  return `[${'█'.repeat(full)}${' '.repeat(size - full)}] ${String(Math.floor(share * 100)).padStart(3)}%`
}

export const count = (number: number): string => Math.round(number).toLocaleString('en')

/** Milliseconds for people: "45 ms", "3.2 s", "4 m", "11 y". */
export function span(ms: number): string {
  const steps = [
    [1000, 1, 'ms'],
    [60_000, 1000, 's'],
    [3_600_000, 60_000, 'm'],
    [86_400_000, 3_600_000, 'h'],
    [31_536_000_000, 86_400_000, 'd'],
  ] as const
  for (const [below, unit, name] of steps) {
    if (ms < below) return `${(ms / unit).toFixed(name === 's' && ms < 10_000 ? 1 : 0)} ${name}`
  }
  return `${Math.round(ms / 31_536_000_000)} y`
}
