import { statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { ConnectorError } from '../errors.ts'
import { belongsTo, headBytes, type Position, parsePosition } from './position.ts'

const chunkBytes = 512 * 1024

/** What a source of a file knows before it reads. @throws SOURCE_INVALID where there is no file */
export function fileAt(path: string): { readonly path: string; readonly id: string; readonly size: number } {
  const absolute = resolve(path)
  try {
    const stat = statSync(absolute)
    if (stat.isDirectory())
      throw new ConnectorError('SOURCE_INVALID', `"${path}" is a folder; name a file in it`)
    return { path: absolute, id: `file:${absolute}`, size: stat.size }
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** A file that is open, with the bytes at its beginning, and where to go on. */
export interface OpenFile {
  readonly file: FileHandle
  readonly head: Buffer
  readonly from: Position
}

/**
 * Opens the file that a position belongs to.
 * @throws SOURCE_INVALID where it can't be read, or was replaced by another
 */
export async function openAt(path: string, position: string | undefined, source: string): Promise<OpenFile> {
  const from = parsePosition(position, source)
  const file = await openFile(path)
  const head = await headOf(file)
  const utf16 = head.indexOf('fffe', 0, 'hex') === 0 || head.indexOf('feff', 0, 'hex') === 0
  if (!utf16 && belongsTo(from, head)) return { file, head, from }
  await file.close()
  throw new ConnectorError(
    'SOURCE_INVALID',
    utf16
      ? `"${path}" is UTF-16; convert it to UTF-8`
      : `"${path}" is not the file of which ${from.offset} bytes were taken as source "${source}": it begins with other bytes; put that file back, or give this one a name of its own`,
  )
}

/** @throws SOURCE_INVALID */
export async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path)
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** The file's bytes from an offset to its end as of now, in big chunks. */
export async function* chunksOf(
  file: FileHandle,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let position = offset
  while (!signal.aborted) {
    const chunk = await bytesAt(file, position, chunkBytes)
    if (chunk.length === 0) return
    position += chunk.length
    yield chunk
  }
}

/** Up to `length` bytes at an offset. */
export async function bytesAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  const { bytesRead } = await file.read(buffer, 0, length, offset)
  return buffer.subarray(0, bytesRead)
}

/** The bytes by which a file is known again. */
export const headOf = (file: FileHandle): Promise<Buffer> => bytesAt(file, 0, headBytes)

function unreadable(path: string, error: unknown): ConnectorError {
  if (error instanceof ConnectorError) return error
  const code = (error as NodeJS.ErrnoException).code
  const why =
    code === 'ENOENT'
      ? 'does not exist; check the path'
      : `can't be read (${code}); check the path and who may read it`
  return new ConnectorError('SOURCE_INVALID', `"${path}" ${why}`, { cause: error })
}
