import { extname } from 'node:path'
import { ConnectorError } from '../errors.ts'
import { csv } from './csv.ts'
import { fileAt } from './file.ts'
import { follow } from './follow.ts'
import { jsonl } from './jsonl.ts'
import type { Source } from './source.ts'
import { stdin } from './stdin.ts'

export interface SourceOptions {
  /** Read the file as JSON lines and go on with what is appended to it. */
  readonly follow?: boolean | undefined
  /** What standard input holds. Default: jsonl. */
  readonly format?: 'jsonl' | 'text' | undefined
  /** What the position is remembered under. Default: the file's path; `stdin`. */
  readonly name?: string | undefined
  /** CSV: names of the columns where the file has no header row. */
  readonly columns?: readonly string[] | undefined
  /** CSV: default a comma; in a .tsv a tab. */
  readonly delimiter?: string | undefined
  /** CSV: default ". */
  readonly quote?: string | undefined
}

/** Which source reads which files. */
const byExtension: Readonly<Record<string, (path: string, options: SourceOptions) => Source>> = {
  '.jsonl': (path, { name }) => jsonl({ path, name }),
  '.ndjson': (path, { name }) => jsonl({ path, name }),
  '.csv': (path, options) => csv({ ...options, path }),
  '.tsv': (path, options) => csv({ ...options, path, delimiter: options.delimiter ?? '\t' }),
}

/**
 * Opens the source that a target names: a file by its extension (`--follow`: any file, as JSON lines), `-` for
 * standard input.
 * @throws SOURCE_INVALID
 */
export function openSource(target: string, options: SourceOptions = {}): Source {
  if (target === '-') return stdin(options)
  if (options.follow) return follow({ path: target, name: options.name })
  const open = byExtension[extname(target).toLowerCase()]
  if (open) return open(target, options)
  fileAt(target)
  throw new ConnectorError(
    'SOURCE_INVALID',
    `"${target}": no source reads files that end in "${extname(target)}"; there are .jsonl and .ndjson (JSON lines), .csv, .tsv, - (standard input), and --follow (JSON lines of any file)`,
  )
}
