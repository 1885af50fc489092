import { type AvroCodec, type AvroSchema, type Codec, codec } from './codec.ts'
import { jsonCodec } from './json.ts'

/** A topic, the type of its values, and how they are written. Make one with `topic` or `jsonTopic`. */
export type Topic<T> = AvroTopic<T> | JsonTopic<T>

/** Values are Avro behind Confluent's header. The topic's registry subject is `<name>-value`. */
export interface AvroTopic<T> {
  readonly name: string
  readonly format: 'avro'
  readonly codec: AvroCodec<T>
}

/** Values are plain JSON, without a header and unknown to the registry. */
export interface JsonTopic<T> {
  readonly name: string
  readonly format: 'json'
  readonly codec: Codec<T>
}

/** A topic of Avro values. @throws where the schema isn't Avro */
export const topic = <T>(name: string, schema: AvroSchema): AvroTopic<T> => ({
  name,
  format: 'avro',
  codec: codec<T>(schema),
})

/**
 * A topic of plain JSON values, as other programs write and read them.
 * @param validate makes a `T` of what was parsed; where it throws, the message becomes a dead letter with the error's
 * message as its reason. A zod schema's `parse` will do. Without one, whatever parses is taken for a `T`
 */
export const jsonTopic = <T>(name: string, validate?: (value: unknown) => T): JsonTopic<T> => ({
  name,
  format: 'json',
  codec: jsonCodec(validate),
})
