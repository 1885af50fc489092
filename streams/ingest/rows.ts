import { partitionOf } from '../../connectors/log/partition.ts'
import { type Records, RecordsBuilder } from '../../connectors/log/records.ts'
import type { Row, SourceRow } from '../../connectors/sources/source.ts'
import type { DeadLetter, Utterance } from '../../schemas/generated/events.ts'
import type { Topic } from '../../schemas/topic.ts'
import { deadletters, utterances } from '../../schemas/topics.ts'
import { encodeFramed } from '../../schemas/wire.ts'
import type { Destination } from '../runtime/encoder.ts'
import { contentId, type Mapping } from './mapping.ts'

/** What fits a record of the log: the largest media, and room for the rest. */
const maxValueBytes = 10_485_760 + 32_768
/** So much is kept of the bytes of a row that doesn't fit into a dead letter. */
const keptBytes = 64 * 1024

export interface RowEncoderOptions {
  readonly source: string
  readonly mapping: Mapping
  readonly destinations: ReadonlyMap<string, Destination>
  readonly now: number
}

export interface EncodedRows {
  readonly batches: readonly Records[]
  /** Utterances. */
  readonly written: number
  /** Dead letters. */
  readonly rejected: number
}

/** Turns rows into records of `utterances`, and those that are broken or don't fit into such of `deadletters`. */
export function rowEncoder(options: RowEncoderOptions): (rows: readonly SourceRow[]) => EncodedRows {
  const { source, mapping, destinations, now } = options
  const utteranceWriter = topicWriter(utterances, destinations)
  const deadLetterWriter = topicWriter(deadletters, destinations)
  const defaults = { occurredAt: now }

  function reject(at: string, raw: Buffer, code: string, reason: string): void {
    const fits = raw.length <= maxValueBytes - keptBytes
    const value: DeadLetter = {
      id: contentId(source, at, 'ingest'),
      resolution: 'open',
      topic: source,
      partition: -1,
      offset: -1,
      key: at,
      value: fits ? raw : raw.subarray(0, keptBytes),
      timestamp: now,
      stage: 'ingest',
      code,
      reason: fits ? reason : `${reason} (its first ${keptBytes} bytes are kept)`,
      createdAt: now,
    }
    deadLetterWriter.write(at, value, now)
  }

  function take(row: Row): void {
    const utterance = mapping.utteranceOf(row, defaults)
    if (typeof utterance === 'string') {
      reject(row.at, jsonOf(row), 'UNFIT_ROW', `row ${row.at}: ${utterance}`)
    } else if (!utteranceWriter.write(utterance.conversation, utterance, utterance.occurredAt)) {
      const problem = `makes an utterance of more than ${maxValueBytes} bytes; split it, or refer to media by url`
      reject(row.at, jsonOf(row), 'TOO_LARGE', `row ${row.at} ${problem}`)
    }
  }

  return (rows) => {
    for (const row of rows) {
      if ('fields' in row) take(row)
      else reject(row.at, row.raw, 'BROKEN_ROW', row.reason)
    }
    const [written, rejected] = [utteranceWriter.take(), deadLetterWriter.take()]
    return { batches: [...written, ...rejected], written: countOf(written), rejected: countOf(rejected) }
  }
}

/** A row that could be read is kept as its fields: they say more than its bytes without the header. */
const jsonOf = (row: Row): Buffer => Buffer.from(JSON.stringify(row.fields))

const countOf = (batches: readonly Records[]): number => batches.reduce((sum, { count }) => sum + count, 0)

class TooLarge extends Error {}

function topicWriter<T extends Utterance | DeadLetter>(
  { name, codec }: Topic<T>,
  destinations: ReadonlyMap<string, Destination>,
) {
  const destination = destinations.get(name)
  if (!destination) throw new Error(`topic "${name}" is not among the destinations; add it`)
  const { partitions, schemaId } = destination
  const builders = Array.from({ length: partitions }, (_, partition) => new RecordsBuilder(name, partition))
  return {
    /** False where the value is too large for a record; nothing is written then. */
    write(key: string, value: T, timestamp: number): boolean {
      const builder = builders[partitionOf(key, partitions)] as RecordsBuilder
      try {
        builder.addEncoded(key, timestamp, (data, position) => {
          const end = encodeFramed(codec, schemaId, value, data, position)
          const needed = end < 0 ? data.length - end : end
          if (needed - position > maxValueBytes) throw new TooLarge()
          return end
        })
        return true
      } catch (error) {
        if (error instanceof TooLarge) return false
        throw error
      }
    },
    take: (): Records[] => builders.filter(({ count }) => count > 0).map((builder) => builder.take()),
  }
}
