import { ConnectorError } from '../../connectors/errors.ts'
import { keyAt, offsetAt, type Records, valueEnd, valueStart } from '../../connectors/log/records.ts'
import type { AvroSchema } from '../../schemas/codec.ts'
import type { Slice } from '../../schemas/container.ts'
import { headerBytes, schemaIdOf } from '../../schemas/wire.ts'
import { Message, type Origin, type Rejection, reject } from '../message.ts'
import type { Range } from './promises.ts'

/** A record on its way into a table: its Avro body, and where it was read. */
export interface Row extends Slice, Origin {}

/** The rows of a block that one schema wrote. */
export interface Group {
  readonly schemaId: number
  readonly schema: AvroSchema
  readonly rows: readonly Row[]
}

export type SchemaOf = (id: number) => Promise<AvroSchema>

/** Sorts a block's records by the schema that they were written with, without decoding any. */
export async function sortRows(
  batches: readonly Records[],
  range: Range,
  schemaOf: SchemaOf,
): Promise<{ groups: Group[]; refused: Rejection[] }> {
  const refused: Rejection[] = []
  const groups: Group[] = []
  for (const [schemaId, rows] of rowsById(batches, range, refused)) {
    try {
      groups.push({ schemaId, schema: await schemaOf(schemaId), rows })
    } catch (error) {
      if (!(error instanceof ConnectorError && error.code === 'UNKNOWN_SCHEMA')) throw error
      for (const row of rows)
        refused.push(
          refuse(row, `the registry does not know schema ${schemaId}: ${error.message}`, 'UNKNOWN_SCHEMA'),
        )
    }
  }
  return { groups, refused }
}

function rowsById(
  batches: readonly Records[],
  { first, last }: Range,
  refused: Rejection[],
): Map<number, Row[]> {
  const rows = new Map<number, Row[]>()
  for (const records of batches) {
    const { data } = records
    for (let index = 0; index < records.count; index++) {
      const offset = offsetAt(records, index)
      if (offset < first || offset > last) continue
      const start = valueStart(records, index)
      const end = valueEnd(records, index)
      const id = schemaIdOf(data, start, end)
      const row: Row = { data, start: start + headerBytes, end, records, index }
      if (id === undefined) refused.push(refuse(row, notFramed, 'NOT_FRAMED'))
      else if (rows.has(id)) rows.get(id)?.push(row)
      else rows.set(id, [row])
    }
  }
  return rows
}

const notFramed =
  "the value does not start with Confluent's header (a zero byte and a schema id); produce it with a registered schema"

/** The rejection of a row whose value nobody has looked into. */
export const refuse = ({ records, index }: Row, reason: string, code: string): Rejection =>
  reject(
    new Message(keyAt(records, index), undefined, records.timestamps[index] as number, { records, index }),
    reason,
    code,
  )
