import { isUtf8 } from 'node:buffer'
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { GatewayError } from './errors.ts'

/** Bytes that a body is going to take: what it declares, or else as much as it may. */
export const expectedBytes = (c: Context, limit: number): number =>
  Math.min(Number(c.req.header('content-length') ?? limit), limit)

/**
 * Reads a body of JSON.
 * @throws GatewayError 413 beyond the limit, 415 for another type, 400 for what isn't JSON in UTF-8
 */
export async function jsonBody(c: Context, limit: number): Promise<unknown> {
  const type = c.req.header('content-type')
  if (!type?.startsWith('application/json'))
    throw new GatewayError(415, 'UNSUPPORTED_TYPE', 'the body must be JSON', {
      field: 'Content-Type',
      value: type ?? '',
      remedy: 'send the header Content-Type: application/json',
    })
  const body = await readBody(c, limit)
  if (!isUtf8(body))
    throw new GatewayError(400, 'INVALID_JSON', 'the body is not UTF-8', { remedy: 'encode it as UTF-8' })
  return parseJson(body.toString())
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new GatewayError(400, 'INVALID_JSON', `this is not JSON: ${(error as Error).message}`, {
      remedy: 'send one JSON document; is it cut short?',
    })
  }
}

async function readBody(c: Context, limit: number): Promise<Buffer> {
  const refuse = (): never => {
    throw new GatewayError(413, 'TOO_LARGE', `the body is over ${limit} bytes`, {
      remedy: 'send fewer utterances at once, or put media into shared storage and give their url',
    })
  }
  // a declared length spares us the stream: Node lets no more bytes through than it says
  if (c.req.header('content-length') === undefined)
    await bodyLimit({ maxSize: limit, onError: refuse })(c, async () => {})
  else if (Number(c.req.header('content-length')) > limit) refuse()
  return Buffer.from(await c.req.arrayBuffer())
}
