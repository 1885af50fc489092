import { z } from 'zod'
import { configSchema } from '../config.ts'

/** What JSON Schema says of a key. */
export interface JsonSchema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  /** A secret. */
  readonly writeOnly?: boolean
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | false
  readonly items?: JsonSchema
}

/** The configuration as JSON Schema, for editors. */
export const configJsonSchema = (): JsonSchema => z.toJSONSchema(configSchema, { io: 'input' }) as JsonSchema

/** Every valid dotted key, with its JSON Schema. Records (such as processors) appear with `*`. */
export function configKeys(): ReadonlyMap<string, JsonSchema> {
  const keys = new Map<string, JsonSchema>()
  const walk = (schema: JsonSchema, prefix: string) => {
    for (const [key, child] of Object.entries(schema.properties ?? {})) {
      keys.set(`${prefix}${key}`, child)
      walk(child, `${prefix}${key}.`)
    }
    if (typeof schema.additionalProperties === 'object') walk(schema.additionalProperties, `${prefix}*.`)
    if (schema.items) walk(schema.items, `${prefix}*.`)
  }
  walk(configJsonSchema(), '')
  return keys
}
