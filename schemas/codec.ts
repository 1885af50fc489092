import avro from 'avsc'
import { guard } from './guard.ts'

/** An Avro schema as JSON: a name, a union or a complex type. */
export type AvroSchema =
  | string
  | readonly AvroSchema[]
  | { readonly type: unknown; readonly [field: string]: unknown }

/** Encodes and decodes the values of one type, in place, without the wire format's header. */
export interface Codec<T> {
  /** Writes the value at `position`; returns the position after it, or minus the number of bytes missing. */
  encode(value: T, buffer: Buffer, position: number): number
  /** Reads one value between two positions.
   * @throws where the bytes are not exactly one value of the type, or a string of it is not UTF-8 */
  decode(buffer: Buffer, start: number, end: number): T
  /** Says what is wrong with a value, naming the field; undefined where it fits. */
  problem(value: unknown): string | undefined
}

/** Encodes and decodes the values of one Avro type. */
export interface AvroCodec<T> extends Codec<T> {
  readonly schema: AvroSchema
  /** A codec that reads what was written with another schema (Avro's resolution rules).
   * @throws where the two don't fit */
  reading(writer: AvroSchema): Pick<Codec<T>, 'decode'>
}

/**
 * Builds a codec.
 * @throws where the schema isn't Avro
 */
export function codec<T>(schema: AvroSchema): AvroCodec<T> {
  const type = avro.Type.forSchema(schema as avro.Schema)
  const decodeAs = (writer: avro.Type, resolver?: ReturnType<typeof type.createResolver>) => {
    const verify = guard(writer)
    return (buffer: Buffer, start: number, end: number): T => {
      verify(buffer, start, end)
      return type.decode(buffer, start, resolver).value as T
    }
  }
  return {
    schema,
    encode: (value, buffer, position) => type.encode(value, buffer, position),
    decode: decodeAs(type),
    reading(schema) {
      const writer = avro.Type.forSchema(schema as avro.Schema)
      return { decode: decodeAs(writer, type.createResolver(writer, { ignoreNamespaces: true })) }
    },
    problem(value) {
      let found: string | undefined
      type.isValid(value, {
        errorHook: (path, bad, expected) => {
          found ??= `field "${path.join('.')}": ${JSON.stringify(bad)?.slice(0, 80)} is not ${expected}`
        },
      })
      return found
    },
  }
}
