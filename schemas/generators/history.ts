import { catalogue, type EventName, subjectOf } from '../catalogue.ts'
import type { RecordSchema, SchemaVersion } from '../files.ts'

/** Writes every committed version as data, so that an installed package can serve them without the files. */
export function history(
  versions: readonly SchemaVersion[],
  current: ReadonlyMap<EventName, RecordSchema>,
): string {
  const isCurrent = ({ event, schema }: SchemaVersion) =>
    JSON.stringify(schema) === JSON.stringify(current.get(event))
  const used = [...new Set(versions.filter(isCurrent).map(({ event }) => `${event}Schema`))]
  return `import type { AvroSchema } from '../codec.ts'
import { ${used.join(', ')} } from './events.ts'

export interface CommittedSchema {
  readonly id: number
  readonly subject: string
  readonly version: number
  readonly schema: AvroSchema
}

/** Every version of every schema of the product that was ever committed. */
export const history: readonly CommittedSchema[] = [
${versions
  .map((entry) => {
    const schema = isCurrent(entry) ? `${entry.event}Schema` : JSON.stringify(entry.schema)
    return `  { id: ${entry.id}, subject: '${subjectOf(catalogue[entry.event])}', version: ${entry.version}, schema: ${schema} },\n`
  })
  .join('')}]
`
}
