import { existsSync, readFileSync } from 'node:fs'
import { closest } from 'fastest-levenshtein'
import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { configKeys, type JsonSchema } from './config/keys.ts'
import { masked } from './config/masked.ts'
import { type Config, configSchema } from './config.ts'

/** What is wrong with the configuration: one line a fault, with its place and the remedy. */
class ConfigError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'))
    this.name = 'ConfigError'
  }
}

export interface ConfigSources {
  /** The file; `murmur.yaml` in the working folder, if there is one, unless told. */
  readonly file?: string | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Dotted path to value, as given by flags. Strongest. */
  readonly flags?: ReadonlyMap<string, unknown>
}

/**
 * Reads the configuration: defaults, then the file, then `MURMUR_` variables (`MURMUR_GATEWAY_PORT=9000`), then
 * flags.
 * @throws ConfigError naming file, line, key, value and the nearest valid name
 */
export function loadConfig({ file, env = process.env, flags = new Map() }: ConfigSources = {}): Config {
  const path = file ?? 'murmur.yaml'
  if (file !== undefined && !existsSync(file))
    throw new ConfigError([`${file}: no such file; name another with --config`])
  const lines = new LineCounter()
  const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const document = parseDocument(text, { lineCounter: lines })
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(({ message, pos }) => `${path}:${lines.linePos(pos[0]).line}: ${message}`),
    )
  }
  const origins = new Map<string, string>()
  const value: unknown = document.toJS() ?? {}
  if (!isObject(value))
    throw new ConfigError([
      `${path}:1: this is ${JSON.stringify(value).slice(0, 40)}, not settings; write "key: value", a line each`,
    ])
  for (const [key, given, origin] of overrides(env, flags)) {
    set(value, key, given)
    origins.set(key.join('.'), origin)
  }
  const parsed = configSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new ConfigError(parsed.error.issues.flatMap((issue) => describe(issue)))

  function describe(issue: z.core.$ZodIssue): string[] {
    const keys =
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path]
    return keys.map((at) => {
      const name = at.join('.')
      const place = originOf(at) ?? `${path}${lineOf(at)}`
      if (issue.code === 'unrecognized_keys') return `${place}: unknown key "${name}"${nearest(at)}`
      return `${place}: "${name}" is ${JSON.stringify(masked(get(value, at), at)) ?? 'missing'}: ${issue.message}`
    })
  }

  /** What a variable or a flag sets may be a list, and the fault in an item of it. */
  function originOf(at: readonly PropertyKey[]): string | undefined {
    for (let length = at.length; length > 0; length--) {
      const origin = origins.get(at.slice(0, length).join('.'))
      if (origin) return origin
    }
    return undefined
  }

  function lineOf(at: readonly PropertyKey[]): string {
    for (let length = at.length; length > 0; length--) {
      const parent = document.getIn(at.slice(0, length - 1), true)
      const pairs = (parent as { items?: { key?: { value?: unknown; range?: [number] } }[] } | undefined)
        ?.items
      const pair = pairs?.find(({ key }) => key?.value === at[length - 1])
      if (pair?.key?.range) return `:${lines.linePos(pair.key.range[0]).line}`
    }
    return ''
  }
}

function nearest(at: readonly PropertyKey[]): string {
  const wild = at.map((part, index) =>
    index === 1 && at[0] === 'processors' ? '*' : typeof part === 'number' ? '*' : String(part),
  )
  const prefix = wild.slice(0, -1).join('.')
  const siblings = [...configKeys().keys()]
    .filter((key) => key.slice(0, Math.max(0, key.lastIndexOf('.'))) === prefix)
    .map((key) => key.slice(key.lastIndexOf('.') + 1))
  return siblings.length > 0 ? `; did you mean "${closest(String(at.at(-1)), siblings)}"?` : ''
}

function* overrides(
  env: Readonly<Record<string, string | undefined>>,
  flags: ReadonlyMap<string, unknown>,
): Generator<[string[], unknown, string]> {
  const keys = configKeys()
  const known = new Map([...keys.keys()].map((key) => [key.replaceAll('.', '_').toUpperCase(), key]))
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('MURMUR_') || text === undefined) continue
    const key = known.get(name.slice(7))
    if (key) yield [key.split('.'), parsedText(text, keys.get(key)), name]
    else if (!ownVariables.has(name))
      throw new ConfigError([
        `${name}: no such setting; did you mean "MURMUR_${closest(name.slice(7), [...known.keys()])}"?`,
      ])
  }
  for (const [key, value] of flags) yield [key.split('.'), value, `--${key}`]
}

/** Variables of the project's own tests and processes, not settings. */
const ownVariables = new Set(['MURMUR_CRASH', 'MURMUR_DEBUG', 'MURMUR_PROCESS'])

/** A text stays one; a list may be written as YAML, or with commas between its items; anything else is YAML. */
function parsedText(text: string, schema: JsonSchema | undefined): unknown {
  if (schema?.type === 'string') return text
  const value = parseDocument(text).toJS() as unknown
  if (schema?.type !== 'array' || Array.isArray(value)) return value
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function get(value: unknown, at: readonly PropertyKey[]): unknown {
  return at.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value)
}

function set(value: Record<string, unknown>, path: readonly string[], given: unknown): void {
  const [key, ...rest] = path as [string, ...string[]]
  if (rest.length === 0) value[key] = given
  else {
    const inner = value[key] ?? {}
    value[key] = inner
    // Anything else is for the schema to refuse
    if (isObject(inner)) set(inner, rest, given)
  }
}
