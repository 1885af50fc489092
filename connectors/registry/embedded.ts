import { isDeepStrictEqual } from 'node:util'
import { open } from 'lmdb'
import { firstUserId } from '../../schemas/catalogue.ts'
import { type AvroSchema, codec } from '../../schemas/codec.ts'
import { type Incompatibility, incompatibilities } from '../../schemas/compatibility.ts'
import { history } from '../../schemas/generated/history.ts'
import { ConnectorError } from '../errors.ts'
import type { CompatibilityLevel, ServedRegistry, SubjectVersion } from './registry.ts'

const maxSubjectLength = 255

const ownSubjects: ReadonlySet<string> = new Set(history.map(({ subject }) => subject))

/**
 * Murmur's own registry, over its own schemas and what users register, in a folder that several processes may
 * have open. Ids are never given twice. Own subjects can't be registered to: their versions come with Murmur.
 * @throws UNAVAILABLE where the folder can't be used
 */
export function embeddedRegistry({ folder }: { readonly folder: string }): ServedRegistry {
  const root = guarded(() => open({ path: folder, noSubdir: false, maxDbs: 2, overlappingSync: false }))
  const registered = root.openDB<SubjectVersion, [string, number]>({ name: 'versions', encoding: 'json' })
  const levels = root.openDB<CompatibilityLevel, string>({ name: 'levels', encoding: 'json' })

  /** Everything there is, what other processes have committed included. */
  const all = (): readonly SubjectVersion[] =>
    guarded(() => {
      root.resetReadTxn()
      return [...history, ...registered.getRange().map(({ value }) => value)]
    })

  const versions = (subject: string) => all().filter((entry) => entry.subject === subject)

  const level = (subject?: string) =>
    guarded(() => {
      root.resetReadTxn()
      return subject === undefined ? (levels.get('*') ?? 'FULL_TRANSITIVE') : levels.get(`/${subject}`)
    })

  function faults(subject: string, schema: AvroSchema, version?: number): readonly Incompatibility[] {
    checkSchema(schema)
    const wanted = level(subject) ?? (level() as CompatibilityLevel)
    const before = versions(subject).filter((entry) => version === undefined || entry.version === version)
    const against = wanted.endsWith('_TRANSITIVE') ? before : before.slice(-1)
    const matters = (direction: string) =>
      wanted.startsWith('FULL') || wanted.startsWith(direction.toUpperCase())
    return against
      .flatMap((entry) => incompatibilities(entry.schema, schema))
      .filter(({ direction }) => matters(direction))
  }

  function add(subject: string, schema: AvroSchema): number {
    const entries = all()
    const before = entries.filter((entry) => entry.subject === subject)
    const known = before.find((entry) => isDeepStrictEqual(entry.schema, schema))
    if (known) return known.id
    const [fault] = faults(subject, schema)
    if (fault)
      throw new ConnectorError(
        'INCOMPATIBLE_SCHEMA',
        `subject "${subject}" does not take this schema: ${fault.rule} at ${fault.path} (${fault.direction}): ${fault.message}`,
      )
    const version = (before.at(-1)?.version ?? 0) + 1
    const id =
      entries.find((entry) => isDeepStrictEqual(entry.schema, schema))?.id ??
      entries.reduce((highest, entry) => Math.max(highest, entry.id), firstUserId - 1) + 1
    registered.putSync([subject, version], { subject, version, id, schema })
    return id
  }

  return {
    async register(subject, schema) {
      const known = versions(subject).find((entry) => isDeepStrictEqual(entry.schema, schema))
      if (known) return known.id
      checkSubject(subject)
      checkSchema(schema)
      return guarded(() => root.transactionSync(() => add(subject, schema)))
    },
    async schema(id) {
      const found = all().find((entry) => entry.id === id)
      if (!found)
        throw new ConnectorError(
          'UNKNOWN_SCHEMA',
          `there is no schema ${id}: register it, or check the bytes`,
        )
      return found.schema
    },
    subjects: () => [...new Set(all().map(({ subject }) => subject))],
    versions,
    usages: (id) => all().filter((entry) => entry.id === id),
    incompatibilities: faults,
    level,
    setLevel: (level, subject) =>
      void guarded(() => levels.putSync(subject === undefined ? '*' : `/${subject}`, level)),
    close: () => root.close(),
  }
}

function checkSubject(subject: string) {
  if (ownSubjects.has(subject))
    throw new ConnectorError(
      'INCOMPATIBLE_SCHEMA',
      `subject "${subject}" belongs to Murmur: its versions come with the release (murmur schemas check --accept)`,
    )
  if (subject.length === 0 || subject.length > maxSubjectLength)
    throw new ConnectorError(
      'INVALID_SCHEMA',
      `a subject of ${subject.length} characters: give it 1 to ${maxSubjectLength}, usually <topic>-value`,
    )
}

function checkSchema(schema: AvroSchema) {
  try {
    codec(schema)
  } catch (cause) {
    throw new ConnectorError('INVALID_SCHEMA', `not an Avro schema: ${(cause as Error).message}`, { cause })
  }
}

/** What LMDB throws comes out as UNAVAILABLE. */
function guarded<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof ConnectorError) throw cause
    throw new ConnectorError(
      'UNAVAILABLE',
      `the registry's folder can't be used: ${(cause as Error).message}`,
      {
        cause,
      },
    )
  }
}
