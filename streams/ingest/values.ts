import type { Media, Role } from '../../schemas/generated/events.ts'
import { parseTime } from './time.ts'

/** A value that doesn't fit its field. The message names the field, the value and the remedy. */
export class Misfit extends Error {
  constructor(field: string, value: unknown, problem: string) {
    super(isMissing(value) ? `field "${field}" ${problem}` : `field "${field}": ${shown(value)} ${problem}`)
  }
}

/** Names are keys: longer ones are texts that were mapped to the wrong field. */
const maxNameLength = 1024
/** What travels in a message; larger media go by reference. */
const maxMediaBytes = 10_485_760

const roles: readonly unknown[] = ['user', 'bot', 'agent'] satisfies Role[]

const isMissing = (value: unknown): value is undefined | null | '' =>
  value === undefined || value === null || value === ''

/** @throws Misfit */
export function text(value: unknown): string {
  if (typeof value === 'string') {
    if (value.trim() !== '') return value
    throw new Misfit('text', value, 'is blank; leave such rows out')
  }
  throw isMissing(value)
    ? new Misfit('text', value, 'is missing; map a column to it: text=COLUMN')
    : new Misfit('text', value, 'is not a string; map a column of strings to it: text=COLUMN')
}

/** A name or an id. Numbers are taken as they are written. @throws Misfit */
export function name(field: string, value: unknown): string | undefined {
  if (isMissing(value)) return undefined
  if (typeof value === 'string') {
    if (value.length <= maxNameLength) return value
    throw new Misfit(field, value, `is longer than ${maxNameLength} characters; map another column to it`)
  }
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) || !Number.isInteger(value)) return String(value)
    throw new Misfit(field, value, 'has lost digits: it is beyond 2^53; write it in quotes')
  }
  throw new Misfit(field, value, 'is not a string; map another column to it')
}

/** @throws Misfit */
export function role(value: unknown): Role {
  if (isMissing(value)) return 'user'
  if (roles.includes(value)) return value as Role
  throw new Misfit('role', value, `is none of ${roles.join(', ')}; write one of these, or leave it out`)
}

/** Milliseconds since the epoch. @throws Misfit */
export function occurredAt(value: unknown, otherwise: number): number {
  if (isMissing(value)) return otherwise
  const time = parseTime(value)
  if (time !== undefined) return time
  throw new Misfit(
    'occurredAt',
    value,
    'is not a time; write ISO 8601, or seconds, milliseconds or microseconds since 1970',
  )
}

/** An attribute's text; undefined where there is none. Lists and objects become JSON. */
export function attribute(value: unknown): string | undefined {
  if (isMissing(value)) return undefined
  if (typeof value === 'string') return value
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** @throws Misfit */
export function attributes(value: unknown): Record<string, string> {
  if (isMissing(value)) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw new Misfit('attributes', value, 'is not an object; map columns one by one: attributes.NAME=COLUMN')
  const made: Record<string, string> = {}
  for (const [key, one] of Object.entries(value)) {
    const text = attribute(one)
    if (text !== undefined) made[key] = text
  }
  return made
}

const none: readonly Media[] = []

/** A list of {type, name?, data? (base64, or bytes), url?, size?}, each with data or a url. @throws Misfit */
export function media(value: unknown): readonly Media[] {
  if (isMissing(value)) return none
  if (!Array.isArray(value)) throw new Misfit('media', value, 'is not a list; write [{"type": …, "url": …}]')
  const made = value.map(medium)
  const bytes = made.reduce((sum, { data }) => sum + (data?.length ?? 0), 0)
  if (bytes <= maxMediaBytes) return made
  throw new Misfit('media', `${bytes} bytes`, `is more than ${maxMediaBytes}; refer to larger media by url`)
}

function medium(value: unknown, index: number): Media {
  const { type, name: label, data, url, size } = (value ?? {}) as Record<string, unknown>
  const at = `media[${index}]`
  if (typeof type !== 'string') throw new Misfit(`${at}.type`, type, 'is not a MIME type; write one')
  const bytes = typeof data === 'string' ? Buffer.from(data, 'base64') : Buffer.isBuffer(data) ? data : null
  if (!bytes && typeof url !== 'string')
    throw new Misfit(at, value, 'has neither data (base64) nor a url; give one')
  return {
    type,
    name: name(`${at}.name`, label) ?? null,
    data: bytes,
    url: typeof url === 'string' ? url : null,
    size: bytes?.length ?? (Number.isSafeInteger(size) ? (size as number) : 0),
  }
}

/** A value for a person to recognise, cut to 80 characters. */
function shown(value: unknown): string {
  const json = JSON.stringify(typeof value === 'string' ? value.slice(0, 80) : value)
  return json.slice(0, 82)
}
