import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ConnectorError } from '../errors.ts'
import { jsonFields } from './jsonl.ts'
import { readLines } from './lines.ts'
import { beginning, belongsTo, headBytes, parsePosition } from './position.ts'
import type { Source } from './source.ts'

const bufferBytes = 512 * 1024

export interface StdinOptions {
  /** `jsonl`: JSON objects, one a line. `text`: each line is what somebody said. Default: jsonl. */
  readonly format?: 'jsonl' | 'text' | undefined
  /** What the position is remembered under. Default: stdin. */
  readonly name?: string | undefined
  /** Default: standard input. */
  readonly input?: Readable | undefined
}

/**
 * Standard input, line by line. A stream can't be rewound: an interrupted ingest goes on only when the same
 * input is given again, and what was taken of it is then skipped. An input that begins with other bytes (the
 * first 4 KiB count) is read from its start.
 */
export function stdin({
  format = 'jsonl',
  name = 'stdin',
  input = process.stdin,
}: StdinOptions = {}): Source {
  return {
    id: name,
    size: undefined,
    async *read(position, reading) {
      const remembered = parsePosition(position, name)
      let head = Buffer.alloc(0)
      const chunks = remembering(chunksOf(input, reading.signal))
      const held: Buffer[] = []
      while (head.length < remembered.head) {
        const { value, done } = await chunks.next()
        if (done) break
        held.push(value)
      }
      const from = belongsTo(remembered, head) ? remembered : beginning(remembered.generation + 1)
      const parse = format === 'text' ? (text: string) => ({ text }) : jsonFields
      yield* readLines(behind(from.offset, held, chunks), from, () => head, parse, reading)

      async function* remembering(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer, undefined> {
        for await (const chunk of bytes) {
          if (head.length < headBytes)
            head = Buffer.concat([head, chunk.subarray(0, headBytes - head.length)])
          yield chunk
        }
      }
    },
  }
}

/** What comes after the first `offset` bytes. */
async function* behind(
  offset: number,
  held: readonly Buffer[],
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  let ahead = offset
  const cut = (chunk: Buffer): Buffer => {
    const rest = chunk.subarray(ahead)
    ahead -= chunk.length - rest.length
    return rest
  }
  for (const chunk of held) yield cut(chunk)
  for await (const chunk of chunks) yield cut(chunk)
}

/** The stream's bytes in chunks as big as what has come in meanwhile. */
async function* chunksOf(input: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  const buffered = new PassThrough({ highWaterMark: bufferBytes })
  const piped = pipeline(input, buffered, { signal }).catch(() => {
    // the loop below meets the same error
  })
  try {
    for await (const chunk of buffered) yield chunk
  } catch (error) {
    if (!signal.aborted)
      throw new ConnectorError('SOURCE_INVALID', `standard input broke off: ${(error as Error).message}`, {
        cause: error,
      })
  }
  await piped
}
