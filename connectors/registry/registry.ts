import type { AvroSchema } from '../../schemas/codec.ts'

/**
 * The schema registry in Confluent's terms: a subject (`<topic>-value`) has versions, each of a schema with
 * an id that is unique in the registry. Embedded, or any Confluent-compatible server.
 */
export interface Registry {
  /** The schema's id under this subject; a new version where the subject doesn't have it yet.
   * @throws INVALID_SCHEMA, INCOMPATIBLE_SCHEMA */
  register(subject: string, schema: AvroSchema): Promise<number>
  /** @throws UNKNOWN_SCHEMA */
  schema(id: number): Promise<AvroSchema>
  close(): Promise<void>
}
