import { type AvroSchema, type Codec, codec } from './codec.ts'

/** A topic and the type of its values. Its registry subject is `<name>-value`. */
export interface Topic<T> {
  readonly name: string
  readonly codec: Codec<T>
}

export const topic = <T>(name: string, schema: AvroSchema): Topic<T> => ({ name, codec: codec<T>(schema) })
