import { createHash, randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Utterance } from '../schemas/generated/events.ts'
import { fields, type Params } from './validate.ts'

/** Bytes of media that travel in one utterance; larger content goes by url. */
const mediaBytes = 10_485_760

/** Bytes of one utterance altogether: what every log takes as one record, with some room for the encoding. */
const utteranceBytes = mediaBytes + 60_000

const name = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'must not hold control characters or lone surrogates')

const problem = (message: string, params: Params) => ({ code: 'custom', message, params }) as const

const base64 = z.string().transform((text, context) => {
  const data = Buffer.from(text, 'base64')
  const digits = text.length - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0)
  // Buffer.from drops what isn't base64: the length tells
  if (digits % 4 !== 1 && data.length === Math.floor((digits * 3) / 4)) return data
  context.addIssue(problem('is not base64', { remedy: 'encode the content as base64 (RFC 4648)' }))
  return z.NEVER
})

const media = fields({
  type: z.string().regex(/^[\w.+-]+\/[\w.+-]+$/, 'is not a MIME type'),
  name: name.nullish(),
  data: base64.nullish(),
  url: z
    .url({ protocol: /^https?$|^s3$|^file$/ })
    .max(2048)
    .nullish(),
  size: z.int().min(0).optional(),
}).check(({ value, issues }) => {
  const add = (field: string, message: string, params: Params) =>
    issues.push({ ...problem(message, params), path: [field], input: value })
  if (!value.data === !value.url) add('data', 'needs either data or url', { remedy: 'give one of the two' })
  else if (value.url && value.size === undefined) add('size', 'is missing', { remedy: 'give its bytes' })
})

/** An utterance as a client sends it. */
const utteranceFields = {
  conversation: name.optional(),
  user: name.nullish(),
  channel: name.default('chat'),
  role: z.enum(['user', 'agent']).default('user'),
  text: z.string().max(262_144).default(''),
  media: z.array(media).max(16).default([]),
  languageHint: z.string().min(2).max(35).nullish(),
  occurredAt: z.int().min(0).max(8.64e15).optional(),
  attributes: z.record(z.string().min(1).max(128), z.string().max(4096)).default({}),
  idempotencyKey: z.string().min(1).max(256).optional(),
}

export const sent = fields(utteranceFields).check(({ value, issues }) => {
  const add = (field: string, message: string, params: Params) =>
    issues.push({ ...problem(message, params), path: [field], input: value })
  const media = value.media.reduce((sum, { data }) => sum + (data?.length ?? 0), 0)
  const all = bytesOf(value)
  if (value.text === '' && value.media.length === 0)
    add('text', 'an utterance needs text or media', { remedy: 'give at least one of the two' })
  if (media > mediaBytes)
    add('media', `holds ${media} bytes; at most ${mediaBytes} travel in an utterance`, {
      status: 413,
      remedy: 'put the content into shared storage and give its url and size',
    })
  else if (all > utteranceBytes)
    add('', `the utterance takes ${all} bytes; at most ${utteranceBytes} travel in one`, {
      status: 413,
      remedy: 'give media by url, fewer attributes or a shorter text',
    })
})

/** Bytes that a value takes in Avro, or a few more. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 4
  if (Buffer.isBuffer(value)) return value.length + 4
  let bytes = 8
  for (const key in value as object) bytes += key.length + bytesOf((value as Record<string, unknown>)[key])
  return bytes
}

export type Sent = z.output<typeof sent>

/** The attribute by which the context stage knows that an utterance may come twice. */
const idempotencyAttribute = 'idempotency-key'

/**
 * Makes the event. An utterance with an idempotency key gets an id made from it; without a conversation it
 * belongs to its user's, or starts one under its own id. Thus a repeat is the same event in the same place.
 * @param key idempotency key and the utterance's index under it
 * @param now milliseconds since the epoch
 */
export function utteranceOf(
  fields: Sent,
  key: readonly [string, number] | undefined,
  now: number,
): Utterance {
  const id = key ? createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32) : uuidv7(now)
  return {
    id,
    conversation: fields.conversation ?? fields.user ?? id,
    user: fields.user ?? null,
    channel: fields.channel,
    role: fields.role,
    text: fields.text,
    media: fields.media.map(({ type, name = null, data = null, url = null, size }) => ({
      type,
      name,
      data,
      url,
      size: data?.length ?? size ?? 0,
    })),
    languageHint: fields.languageHint ?? null,
    occurredAt: fields.occurredAt ?? now,
    attributes: key ? { ...fields.attributes, [idempotencyAttribute]: key[0] } : fields.attributes,
  }
}

/** A UUID of version 7 (RFC 9562): its first 48 bits are the milliseconds since the epoch. */
export function uuidv7(now: number): string {
  const time = now.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}

/** The time in a UUID of version 7; undefined for any other id. */
export const timeOf = (id: string): number | undefined =>
  id.length === 36 && id[14] === '7' ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined
