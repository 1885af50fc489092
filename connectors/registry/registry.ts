import type { AvroSchema } from '../../schemas/codec.ts'
import type { Incompatibility } from '../../schemas/compatibility.ts'

/**
 * The schema registry in Confluent's terms: a subject (`<topic>-value`) has versions, each of a schema with
 * an id that is unique in the registry. Embedded, or any Confluent-compatible server; `contract.ts` is the
 * suite that both pass. Every failure is a `ConnectorError`.
 */
export interface Registry {
  /** The schema's id under this subject; a new version where the subject doesn't have it yet.
   * @throws INVALID_SCHEMA, INCOMPATIBLE_SCHEMA, UNAVAILABLE */
  register(subject: string, schema: AvroSchema): Promise<number>
  /** @throws UNKNOWN_SCHEMA, UNAVAILABLE */
  schema(id: number): Promise<AvroSchema>
  close(): Promise<void>
}

/** What a registry that is served to others knows besides: everything that Confluent's REST API tells. */
export interface ServedRegistry extends Registry {
  subjects(): readonly string[]
  /** Versions of a subject, oldest first; empty where there is no such subject. */
  versions(subject: string): readonly SubjectVersion[]
  /** Every subject and version that has the schema of this id. */
  usages(id: number): readonly SubjectVersion[]
  /**
   * What keeps the schema out of the subject by its compatibility level; with `version`, against that one alone.
   * @throws INVALID_SCHEMA
   */
  incompatibilities(subject: string, schema: AvroSchema, version?: number): readonly Incompatibility[]
  /** The level of a subject, or without one the level of all that have none of their own. */
  level(subject?: string): CompatibilityLevel | undefined
  setLevel(level: CompatibilityLevel, subject?: string): void
}

export interface SubjectVersion {
  readonly subject: string
  readonly version: number
  readonly id: number
  readonly schema: AvroSchema
}

export const compatibilityLevels = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const

/** Which readers a new version must suit: of the newest version, or (transitive) of all versions. */
export type CompatibilityLevel = (typeof compatibilityLevels)[number]
