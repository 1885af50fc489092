import avro from 'avsc'
import type { AvroSchema } from './codec.ts'

/** Confluent's and Avro's own names of what can stand between a reader and a writer. */
type CompatibilityRule =
  | 'NAME_MISMATCH'
  | 'TYPE_MISMATCH'
  | 'FIXED_SIZE_MISMATCH'
  | 'MISSING_ENUM_SYMBOLS'
  | 'MISSING_UNION_BRANCH'
  | 'READER_FIELD_MISSING_DEFAULT_VALUE'

/** Why a reader can't read what a writer wrote. */
export interface Fault {
  readonly rule: CompatibilityRule
  /** Where in the reader's schema, fields by name: `/fields/text`. */
  readonly path: string
  readonly message: string
}

export interface Incompatibility extends Fault {
  /** `backward`: the newer schema can't read the older's data; `forward`: the other way round. */
  readonly direction: 'backward' | 'forward'
}

/**
 * What keeps two versions of a schema from reading each other's data (full compatibility); empty: nothing.
 * @throws where one of them isn't an Avro schema
 */
export const incompatibilities = (older: AvroSchema, newer: AvroSchema): readonly Incompatibility[] => [
  ...faults(newer, older).map((fault): Incompatibility => ({ ...fault, direction: 'backward' })),
  ...faults(older, newer).map((fault): Incompatibility => ({ ...fault, direction: 'forward' })),
]

/**
 * Why `reader` can't read what was written with `writer`, by the rules of schema resolution in the Avro 1.12
 * specification; empty: it can.
 * @throws where one of them isn't an Avro schema
 */
export const faults = (reader: AvroSchema, writer: AvroSchema): readonly Fault[] =>
  compare(avro.Type.forSchema(reader as avro.Schema), avro.Type.forSchema(writer as avro.Schema), '', [])

/** The records that are being compared further up, so that a type that holds itself ends. */
type Seen = readonly { readonly reader: avro.Type; readonly writer: avro.Type }[]

/** What may be read as the type, besides itself. */
const promotions: Readonly<Record<string, readonly string[]>> = {
  long: ['int'],
  float: ['int', 'long'],
  double: ['int', 'long', 'float'],
  bytes: ['string'],
  string: ['bytes'],
}

const { RecordType, EnumType, FixedType, ArrayType, MapType } = avro.types

const branches = (type: avro.Type): readonly avro.Type[] | undefined =>
  type instanceof avro.types.UnwrappedUnionType || type instanceof avro.types.WrappedUnionType
    ? type.types
    : undefined

function compare(reader: avro.Type, writer: avro.Type, path: string, seen: Seen): readonly Fault[] {
  const written = branches(writer)
  if (written) return written.flatMap((branch) => compare(reader, branch, path, seen))
  const readable = branches(reader)
  if (readable) return missingBranch(readable, writer, path, seen)
  if (reader.typeName !== writer.typeName) return mismatch(reader, writer, path)
  if (reader instanceof ArrayType && writer instanceof ArrayType)
    return compare(reader.itemsType, writer.itemsType, `${path}/items`, seen)
  if (reader instanceof MapType && writer instanceof MapType)
    return compare(reader.valuesType, writer.valuesType, `${path}/values`, seen)
  if (reader.name && !sameName(reader, writer))
    return [fault('NAME_MISMATCH', path, `"${reader.name}" is not "${writer.name}", nor is it an alias`)]
  if (reader instanceof FixedType && writer instanceof FixedType) return fixed(reader, writer, path)
  if (reader instanceof EnumType && writer instanceof EnumType) return symbols(reader, writer, path)
  if (reader instanceof RecordType && writer instanceof RecordType) return fields(reader, writer, path, seen)
  return []
}

const fault = (rule: CompatibilityRule, path: string, message: string): Fault => ({
  rule,
  path: path || '/',
  message,
})

const mismatch = (reader: avro.Type, writer: avro.Type, path: string): readonly Fault[] =>
  promotions[reader.typeName]?.includes(writer.typeName)
    ? []
    : [fault('TYPE_MISMATCH', path, `${reader.typeName} can't read ${writer.typeName}`)]

const unqualified = (name: string) => name.slice(name.lastIndexOf('.') + 1)

/** The specification compares names without their namespaces. */
const sameName = (reader: avro.Type, writer: avro.Type): boolean =>
  [reader.name, ...(reader.aliases ?? [])].some(
    (name) => unqualified(name as string) === unqualified(writer.name as string),
  )

function missingBranch(readable: readonly avro.Type[], writer: avro.Type, path: string, seen: Seen) {
  if (readable.some((branch) => compare(branch, writer, path, seen).length === 0)) return []
  const name = writer.name ?? writer.typeName
  return [fault('MISSING_UNION_BRANCH', path, `no branch of the union can read ${name}`)]
}

const fixed = (reader: avro.types.FixedType, writer: avro.types.FixedType, path: string) =>
  reader.size === writer.size
    ? []
    : [fault('FIXED_SIZE_MISMATCH', path, `${reader.size} bytes can't read ${writer.size}`)]

function symbols(reader: avro.types.EnumType, writer: avro.types.EnumType, path: string) {
  const missing = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol))
  const { default: fallback } = reader as { default?: string }
  if (missing.length === 0 || fallback !== undefined) return []
  return [fault('MISSING_ENUM_SYMBOLS', path, `no symbol ${missing.join(', ')}, and no default for it`)]
}

function fields(
  reader: avro.types.RecordType,
  writer: avro.types.RecordType,
  path: string,
  seen: Seen,
): readonly Fault[] {
  if (seen.some((pair) => pair.reader === reader && pair.writer === writer)) return []
  const further = [...seen, { reader, writer }]
  return reader.fields.flatMap((field) => {
    const place = `${path}/fields/${field.name}`
    const names = [field.name, ...field.aliases]
    const written = writer.fields.find(({ name }) => names.includes(name))
    if (written) return compare(field.type, written.type, place, further)
    if (field.defaultValue() !== undefined) return []
    return [
      fault(
        'READER_FIELD_MISSING_DEFAULT_VALUE',
        place,
        'what was written lacks the field, and it has no default',
      ),
    ]
  })
}
