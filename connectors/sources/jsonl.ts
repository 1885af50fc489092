import { chunksOf, fileAt, openAt } from './file.ts'
import { type LineParser, readLines } from './lines.ts'
import type { Source } from './source.ts'

export interface JsonlOptions {
  readonly path: string
  /** What the position is remembered under; the file's path by default. */
  readonly name?: string | undefined
}

/** A file of JSON objects, one a line. @throws SOURCE_INVALID */
export function jsonl({ path, name }: JsonlOptions): Source {
  const { path: absolute, id, size } = fileAt(path)
  const source = name ?? id
  return {
    id: source,
    size,
    async *read(position, reading) {
      const { file, head, from } = await openAt(absolute, position, source)
      try {
        yield* readLines(chunksOf(file, from.offset, reading.signal), from, () => head, jsonFields, reading)
      } finally {
        await file.close()
      }
    },
  }
}

/** The fields of a line that is a JSON object. */
export const jsonFields: LineParser = (text) => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return `is not JSON: ${(error as Error).message}`
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  return `is not a JSON object but ${Array.isArray(value) ? 'an array' : JSON.stringify(value).slice(0, 80)}; write {"text": …}`
}
