import type { EventName } from '../catalogue.ts'
import type { Field, FieldType, RecordSchema } from '../files.ts'

/**
 * Writes the events as TypeScript: a type and a schema constant each. An event that starts with the fields of
 * the one before it on its way extends that one.
 */
export function typescript(events: readonly (readonly [EventName, RecordSchema])[]): string {
  const declared = new Map<string, string>()
  const parts = events.map(([event, schema], index) => {
    const before = events[index - 1]
    const base = before && startsWith(schema, before[1]) ? before : undefined
    const own = schema.fields.slice(base?.[1].fields.length ?? 0)
    return [
      ...own.flatMap(({ type }) => declarations(type, declared)),
      `/** ${schema.doc} */\n${body(schema.name, own, base?.[1].name)}`,
      constant(event, schema, own, base?.[0]),
      ...(base ? [step(event, schema, own, base[1])] : []),
    ].join('\n\n')
  })
  return `${parts.join('\n\n')}\n`
}

/** Whether the schema's fields begin with exactly the fields of the other. */
export const startsWith = (schema: RecordSchema, other: RecordSchema): boolean =>
  JSON.stringify(schema.fields.slice(0, other.fields.length)) === JSON.stringify(other.fields)

/** The named types inside a field, each once; the same name may not mean two things. */
function declarations(type: FieldType, declared: Map<string, string>): readonly string[] {
  if (typeof type === 'string') return []
  if (Array.isArray(type)) return type.flatMap((branch) => declarations(branch, declared))
  const { name, fields, symbols, items, values } = type as Named
  const inner = [items, values, ...(fields ?? []).map((field) => field.type)]
    .filter((part) => part !== undefined)
    .flatMap((part) => declarations(part, declared))
  if (name === undefined) return inner
  const text = symbols ? `export type ${name} = ${symbols.map(quoted).join(' | ')}` : body(name, fields ?? [])
  const known = declared.get(name)
  if (known !== undefined && known !== text) throw new Error(`"${name}" is defined in two ways: rename one`)
  declared.set(name, text)
  return known === undefined ? [...inner, `/** @public */\n${text}`] : inner
}

interface Named {
  readonly name?: string
  readonly fields?: readonly Field[]
  readonly symbols?: readonly string[]
  readonly items?: FieldType
  readonly values?: FieldType
}

const quoted = (text: string) => `'${text}'`

const body = (name: string, fields: readonly Field[], base?: string): string =>
  [
    `export interface ${name}${base === undefined ? '' : ` extends ${base}`} {`,
    ...fields.map((field) => `  /** ${field.doc} */\n  readonly ${field.name}: ${typeOf(field.type)}`),
    '}',
  ].join('\n')

const primitives: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  string: 'string',
  bytes: 'Buffer',
}

function typeOf(type: FieldType): string {
  if (typeof type === 'string') return primitives[type] ?? type
  if (Array.isArray(type)) return type.map(typeOf).join(' | ')
  const { type: kind, name, items, values } = type as Named & { type: string }
  if (kind === 'array') return `readonly ${grouped(items as FieldType)}[]`
  if (kind === 'map') return `Readonly<Record<string, ${typeOf(values as FieldType)}>>`
  return name ?? typeOf(kind)
}

const grouped = (type: FieldType) => (Array.isArray(type) ? `(${typeOf(type)})` : typeOf(type))

/** Field by field: the hot path makes one of these a message and stage, and a spread costs ten times as much. */
function step(
  event: EventName,
  { name, doc }: RecordSchema,
  own: readonly Field[],
  base: RecordSchema,
): string {
  return [
    `/** ${doc}: what came before, and what is new. */`,
    `export const ${event}From = (before: ${base.name}, added: Omit<${name}, keyof ${base.name}>): ${name} => ({`,
    ...base.fields.map((field) => `  ${field.name}: before.${field.name},`),
    ...own.map((field) => `  ${field.name}: added.${field.name},`),
    '})',
  ].join('\n')
}

function constant(event: EventName, schema: RecordSchema, own: readonly Field[], base?: EventName): string {
  const { fields: _, ...attributes } = schema
  return [
    `export const ${event}Schema = {`,
    ...Object.entries(attributes).map(([name, value]) => `  ${name}: ${JSON.stringify(value)},`),
    '  fields: [',
    ...(base === undefined ? [] : [`    ...${base}Schema.fields,`]),
    ...own.map((field) => `    ${JSON.stringify(field)},`),
    '  ],',
    '} as const',
  ].join('\n')
}
