import { createHash } from 'node:crypto'
import type { AvroSchema } from './codec.ts'

/** The bytes of one value, inside a larger buffer. */
export interface Slice {
  readonly data: Buffer
  readonly start: number
  readonly end: number
}

const magic = Buffer.from('Obj\u0001', 'latin1')
const syncBytes = 16
/** No `long` takes more bytes than this. */
const longBytes = 10

/**
 * An Avro object container file of one block, uncompressed, around values that are encoded already. Its bytes
 * depend on nothing but schema and values: the sync marker is a hash of the schema.
 * @param values bodies without the wire format's header; in the end exactly these, in their order
 * @see https://avro.apache.org/docs/1.12.0/specification/#object-container-files
 */
export function containerFile(schema: AvroSchema, values: readonly Slice[]): Buffer {
  const json = Buffer.from(JSON.stringify(schema))
  const sync = createHash('md5').update(json).digest()
  const header = Buffer.concat([
    magic,
    ...[long(2), text('avro.schema'), long(json.length), json, text('avro.codec'), text('null'), long(0)],
    sync,
  ])
  if (values.length === 0) return header

  let bytes = 0
  for (const { start, end } of values) bytes += end - start
  const file = Buffer.allocUnsafe(header.length + 2 * longBytes + bytes + syncBytes)
  let position = header.copy(file)
  position += long(values.length).copy(file, position)
  position += long(bytes).copy(file, position)
  for (const { data, start, end } of values) position += data.copy(file, position, start, end)
  position += sync.copy(file, position)
  return file.subarray(0, position)
}

/** The file's header alone: what tells one schema's files from another's. */
export function containerHeader(file: Buffer): Buffer {
  const sync = file.subarray(file.length - syncBytes)
  return file.subarray(0, file.indexOf(sync) + syncBytes)
}

const text = (value: string): Buffer => Buffer.concat([long(value.length), Buffer.from(value)])

/** Zigzag, then seven bits a byte, the lowest first. For numbers from 0 up. */
function long(value: number): Buffer {
  const bytes: number[] = []
  let rest = value * 2
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}
