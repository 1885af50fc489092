import type { Codec } from './codec.ts'

/** Confluent's wire format: a zero byte, the schema's id as four bytes big-endian, then the Avro value. */
export const headerBytes = 5

/**
 * Writes a value as its topic has it: behind the header, or, where there is no schema id, bare. Returns what
 * `Codec.encode` does.
 */
export function encodeFramed<T>(
  codec: Codec<T>,
  schemaId: number | undefined,
  value: T,
  buffer: Buffer,
  position: number,
): number {
  if (schemaId === undefined) return codec.encode(value, buffer, position)
  const start = position + headerBytes
  if (start > buffer.length) return buffer.length - start
  buffer[position] = 0
  buffer.writeInt32BE(schemaId, position + 1)
  return codec.encode(value, buffer, start)
}

/** The id of the schema that a framed value was written with; undefined where it isn't framed. */
export const schemaIdOf = (buffer: Buffer, start: number, end: number): number | undefined =>
  end - start >= headerBytes && buffer[start] === 0 ? buffer.readInt32BE(start + 1) : undefined
