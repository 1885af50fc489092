import type { AvroSchema } from '../../schemas/codec.ts'
import { ConnectorError, type ConnectorErrorCode } from '../errors.ts'
import type { Registry } from './registry.ts'

export interface ConfluentOptions {
  /** Address of the server; a user and a password in it are sent as basic authentication. */
  readonly url: string
  /** Milliseconds to wait for an answer. Default: 10,000. */
  readonly timeoutMs?: number
}

/** Any server that speaks Confluent's REST API. What it answered once is remembered: ids never change. */
export function confluentRegistry({ url, timeoutMs = 10_000 }: ConfluentOptions): Registry {
  const { base, headers } = server(url)
  const ids = new Map<string, number>()
  const schemas = new Map<number, AvroSchema>()

  async function call(path: string, body?: object): Promise<Answer> {
    const request = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      const response = await fetch(`${base}${path}`, { ...request, headers, signal })
      const answer = (await response.json()) as Answer
      if (response.ok) return answer
      throw new ConnectorError(codeOf(response.status), `the registry at ${base} says: ${answer.message}`)
    } catch (cause) {
      if (cause instanceof ConnectorError) throw cause
      throw new ConnectorError('UNAVAILABLE', `no answer from the registry at ${base}${path}`, { cause })
    }
  }

  return {
    async register(subject, schema) {
      const text = JSON.stringify(schema)
      const known = ids.get(`${subject} ${text}`)
      if (known !== undefined) return known
      const { id } = await call(`/subjects/${encodeURIComponent(subject)}/versions`, { schema: text })
      ids.set(`${subject} ${text}`, id as number)
      return id as number
    },
    async schema(id) {
      const known = schemas.get(id)
      if (known !== undefined) return known
      const { schema, schemaType = 'AVRO' } = await call(`/schemas/ids/${id}`)
      if (schemaType !== 'AVRO')
        throw new ConnectorError('UNKNOWN_SCHEMA', `schema ${id} is ${schemaType}: only AVRO can be read`)
      const parsed: AvroSchema = JSON.parse(schema as string)
      schemas.set(id, parsed)
      return parsed
    },
    close: async () => {},
  }
}

interface Answer {
  readonly id?: number
  readonly schema?: string
  readonly schemaType?: string
  readonly message?: string
}

const contentType = 'application/vnd.schemaregistry.v1+json'

/** The address without its user, who goes into a header: fetch refuses one in the address. */
function server(url: string) {
  if (!URL.canParse(url))
    throw new ConnectorError('UNAVAILABLE', `registry.url: "${url}" is no address: write http://host:port`)
  const { origin, pathname, username, password } = new URL(url)
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return {
    base: `${origin}${pathname.replace(/\/$/, '')}`,
    headers: {
      accept: contentType,
      'content-type': contentType,
      ...(username === '' ? {} : { authorization: `Basic ${Buffer.from(user).toString('base64')}` }),
    },
  }
}

function codeOf(status: number): ConnectorErrorCode {
  if (status === 404) return 'UNKNOWN_SCHEMA'
  if (status === 409) return 'INCOMPATIBLE_SCHEMA'
  return status === 422 ? 'INVALID_SCHEMA' : 'UNAVAILABLE'
}
