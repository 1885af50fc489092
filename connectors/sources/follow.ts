import { type FileHandle, stat } from 'node:fs/promises'
import { chunksOf, fileAt, headOf, openFile } from './file.ts'
import { jsonFields } from './jsonl.ts'
import { readLines } from './lines.ts'
import { beginning, belongsTo, parsePosition } from './position.ts'
import type { Source } from './source.ts'
import { type Watch, watchFile } from './watch.ts'

export interface FollowOptions {
  readonly path: string
  /** What the position is remembered under; the file's path by default. */
  readonly name?: string | undefined
}

/**
 * A file of JSON lines that grows: reads it, waits for more, and never ends, like `tail -F`. When another file
 * takes its name (rotation), the old one is read to its end and the new one from its start; a file that was
 * truncated is read from its start. A line counts once its newline is there. What is written to the old file
 * while nobody follows it and before it is rotated away is not read: ingest that file by its new name.
 * @throws SOURCE_INVALID
 */
export function follow({ path, name }: FollowOptions): Source {
  const { path: absolute, id } = fileAt(path)
  const source = name ?? id
  return {
    id: source,
    size: undefined,
    async *read(position, reading) {
      const { signal } = reading
      let from = parsePosition(position, source)
      const watch = watchFile(absolute)
      try {
        while (!signal.aborted) {
          const file = await openFile(absolute)
          try {
            const input = { path: absolute, file, head: await headOf(file) }
            if (!belongsTo(from, input.head)) from = beginning(from.generation + 1)
            yield* readLines(
              growing(input, from.offset, watch, signal),
              from,
              () => input.head,
              jsonFields,
              reading,
            )
          } finally {
            await file.close()
          }
          from = beginning(from.generation + 1)
        }
      } finally {
        watch.close()
      }
    },
  }
}

interface Input {
  readonly path: string
  readonly file: FileHandle
  /** The file's first bytes as of the last look. */
  head: Buffer
}

/** The file's bytes as they come; ends when another file has taken its place, or it was truncated. */
async function* growing(
  input: Input,
  start: number,
  watch: Watch,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { path, file } = input
  let offset = start
  let rotated = false
  while (!signal.aborted) {
    for await (const chunk of chunksOf(file, offset, signal)) {
      offset += chunk.length
      yield chunk
    }
    if (rotated) return
    await watch.changed(signal)
    const head = await headOf(file)
    const { size, ino } = await file.stat()
    if (size < offset || !head.subarray(0, input.head.length).equals(input.head)) return
    input.head = head
    rotated = await stat(path).then(
      (now) => now.ino !== ino,
      () => false, // moved away, and no other there yet
    )
  }
}
