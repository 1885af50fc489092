import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { EventName } from './catalogue.ts'
import { packageRoot } from './root.ts'

/** An event's schema as its file holds it. */
export interface RecordSchema {
  readonly type: 'record'
  readonly name: string
  readonly namespace: string
  readonly doc: string
  readonly fields: readonly Field[]
  readonly [attribute: string]: unknown
}

export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly doc: string
  readonly default?: unknown
}

/** A type as it may stand in the files: a name, a union, or a type with attributes. */
export type FieldType =
  | string
  | readonly FieldType[]
  | { readonly type: string; readonly [attribute: string]: unknown }

/** A committed version of an event's schema. Its id is the same in every installation, for ever. */
export interface SchemaVersion {
  readonly event: EventName
  readonly version: number
  readonly id: number
  readonly schema: RecordSchema
}

/** Where the schemas lie in the source tree. */
export const schemaFolder = (): string => join(packageRoot(), 'schemas')

const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'))
const idsFile = (folder: string) => join(folder, 'history', 'ids.json')

/** The schema as it stands: `<folder>/<event>.avsc`. */
export const readSchema = (folder: string, event: EventName): RecordSchema =>
  readJson(join(folder, `${event}.avsc`))

/** Every committed version of an event's schema, oldest first: `<folder>/history/<event>/<version>.avsc`. */
export function readHistory(folder: string, event: EventName): readonly SchemaVersion[] {
  const ids: Readonly<Record<string, number>> = readJson(idsFile(folder))
  return versionsOf(folder, event).map((version) => {
    const id = ids[`${event}/${version}`]
    if (id === undefined)
      throw new Error(`history/ids.json has no id for ${event}/${version}: restore the file from git`)
    return { event, version, id, schema: readJson(join(folder, 'history', event, `${version}.avsc`)) }
  })
}

function versionsOf(folder: string, event: EventName): readonly number[] {
  try {
    return readdirSync(join(folder, 'history', event))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b)
  } catch {
    return []
  }
}

/** Commits a schema as the event's next version, under the next free id. */
export function writeVersion(folder: string, event: EventName, schema: RecordSchema): SchemaVersion {
  const ids: Record<string, number> = readJson(idsFile(folder))
  const version = (versionsOf(folder, event).at(-1) ?? 0) + 1
  const id = Math.max(0, ...Object.values(ids)) + 1
  const path = join(folder, 'history', event, `${version}.avsc`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`)
  ids[`${event}/${version}`] = id
  writeFileSync(idsFile(folder), `${JSON.stringify(ids, null, 2)}\n`)
  return { event, version, id, schema }
}
