import { closeSync, mkdirSync, openSync, readFileSync, readSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConnectorError } from '../errors.ts'

/** The format that this version reads and writes. */
const format = 1

/**
 * Makes the folder where it is missing, and checks that its data is of a format that this version knows.
 * @throws NEWER_FORMAT; UNAVAILABLE where `murmur.json` is not what Murmur writes
 */
export function checkFormat(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'murmur.json')
  const found = readFormat(path)
  if (found === undefined) writeFormat(path)
  else if (found > format)
    throw new ConnectorError(
      'NEWER_FORMAT',
      `the data in "${folder}" has format ${found}, this version of Murmur knows formats up to ${format}: install the version that wrote it, or choose another data folder`,
    )
}

function readFormat(path: string): number | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new ConnectorError('UNAVAILABLE', `"${path}" can't be read: check its permissions`, { cause })
  }
  try {
    const { format: found } = JSON.parse(text)
    if (Number.isInteger(found) && found >= 1) return found
  } catch {}
  throw new ConnectorError(
    'UNAVAILABLE',
    `"${path}" holds ${JSON.stringify(text.slice(0, 80))}, not {"format": ${format}}: restore it, or choose another data folder`,
  )
}

/** `mdb_magic` of LMDB's first page, after its header of 24 bytes. */
const magic = 0xbeefc0de
const magicAt = 24

/**
 * Checks that a file is a database of LMDB, or isn't there yet: lmdb itself crashes on any other.
 * @throws UNAVAILABLE
 */
export function checkDatabase(path: string): void {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return
  }
  const start = Buffer.alloc(magicAt + 4)
  const length = readSync(file, start, 0, start.length, 0)
  closeSync(file)
  if (length === 0 || start.readUInt32LE(magicAt) === magic) return
  throw new ConnectorError(
    'UNAVAILABLE',
    `"${path}" is not a database of LMDB: restore it from a backup, or choose another data folder`,
  )
}

/** By a rename, so that a second process that starts at the same time never reads half a file. */
function writeFormat(path: string): void {
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify({ format })}\n`)
  renameSync(draft, path)
}
