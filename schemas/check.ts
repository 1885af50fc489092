import { catalogue, type EventName, eventNames, subjectOf } from './catalogue.ts'
import { type Incompatibility, incompatibilities } from './compatibility.ts'
import { readHistory, readSchema, type SchemaVersion, schemaFolder, writeVersion } from './files.ts'

/** How an event's schema stands against every version that was ever committed. */
export interface SchemaReport {
  readonly event: EventName
  /** `committed`: it is the newest version; `new`: compatible, not yet in the history; `incompatible`: refused. */
  readonly state: 'committed' | 'new' | 'incompatible'
  /** The newest committed version; 0 where there is none. */
  readonly version: number
  readonly incompatibilities: readonly (Incompatibility & { readonly version: number })[]
  /** What to do; undefined where nothing is to be done. */
  readonly remedy: string | undefined
}

export interface SchemaListing {
  readonly event: EventName
  readonly topic: string
  readonly subject: string
  readonly version: number
  readonly id: number
  readonly fields: number
  readonly doc: string
}

/** Compares each schema with all versions in its history, in both directions (full-transitive). */
export const check = (folder = schemaFolder()): readonly SchemaReport[] =>
  eventNames.map((event) => report(folder, event))

/**
 * Commits every new schema as the next version of its event.
 * @throws where one is incompatible: then nothing is written
 */
export function accept(folder = schemaFolder()): readonly SchemaVersion[] {
  const reports = check(folder)
  const refused = reports.filter(({ state }) => state === 'incompatible')
  if (refused.length > 0) throw new Error(refused.map(describe).join('\n'))
  return reports
    .filter(({ state }) => state === 'new')
    .map(({ event }) => writeVersion(folder, event, readSchema(folder, event)))
}

/** The newest committed version of every event. */
export const list = (folder = schemaFolder()): readonly SchemaListing[] =>
  eventNames.flatMap((event) =>
    readHistory(folder, event)
      .slice(-1)
      .map(({ version, id, schema }) => ({
        event,
        topic: catalogue[event],
        subject: subjectOf(catalogue[event]),
        version,
        id,
        fields: schema.fields.length,
        doc: schema.doc,
      })),
  )

/** A report in words, a line a fault. */
export const describe = ({ event, state, version, incompatibilities, remedy }: SchemaReport): string =>
  [
    `${event}: ${state === 'new' ? `changed since version ${version}, compatible` : state}`,
    ...incompatibilities.map(
      ({ direction, version, rule, path, message }) =>
        `  ${direction} with version ${version}: ${rule} at ${path}: ${message}`,
    ),
    ...(remedy === undefined ? [] : [`  ${remedy}`]),
  ].join('\n')

function report(folder: string, event: EventName): SchemaReport {
  const schema = readSchema(folder, event)
  const history = readHistory(folder, event)
  const newest = history.at(-1)
  const version = newest?.version ?? 0
  if (newest && JSON.stringify(newest.schema) === JSON.stringify(schema))
    return { event, state: 'committed', version, incompatibilities: [], remedy: undefined }
  const found = history.flatMap((older) =>
    incompatibilities(older.schema, schema).map((fault) => ({ ...fault, version: older.version })),
  )
  if (found.length === 0)
    return { event, state: 'new', version, incompatibilities: [], remedy: 'murmur schemas check --accept' }
  return {
    event,
    state: 'incompatible',
    version,
    incompatibilities: found,
    remedy: `undo the change in schemas/${event}.avsc, or give the field a default`,
  }
}
