import { isDeepStrictEqual } from 'node:util'
import { type Context, Hono } from 'hono'
import { ConnectorError } from '../connectors/errors.ts'
import {
  type CompatibilityLevel,
  compatibilityLevels,
  type ServedRegistry,
  type SubjectVersion,
} from '../connectors/registry/registry.ts'
import type { AvroSchema } from '../schemas/codec.ts'

/** An answer that is no success, with one of Confluent's own error codes: its first three digits are the status. */
class RegistryError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message)
  }
}

/**
 * Confluent's schema registry API over the embedded registry, so that any of its clients decodes Murmur's topics.
 * @see https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */
export function registryRoutes(registry: ServedRegistry): Hono {
  const app = new Hono()
  const find = (subject: string, version: string) => versionOf(known(registry, subject), version)

  app.get('/subjects', (c) => reply(c, registry.subjects()))
  app.get('/subjects/:subject/versions', (c) => {
    const versions = known(registry, c.req.param('subject'))
    return reply(
      c,
      versions.map(({ version }) => version),
    )
  })
  app.get('/subjects/:subject/versions/:version', (c) =>
    reply(c, described(find(c.req.param('subject'), c.req.param('version')))),
  )
  app.get('/subjects/:subject/versions/:version/schema', (c) =>
    reply(c, find(c.req.param('subject'), c.req.param('version')).schema),
  )
  app.post('/subjects/:subject/versions', async (c) =>
    reply(c, { id: await registry.register(c.req.param('subject'), await schemaIn(c)) }),
  )
  app.post('/subjects/:subject', async (c) => {
    const schema = await schemaIn(c)
    const versions = known(registry, c.req.param('subject'))
    const found = versions.find((entry) => isDeepStrictEqual(entry.schema, schema))
    if (!found) throw new RegistryError(40403, 'Schema not found')
    return reply(c, described(found))
  })
  app.get('/schemas/types', (c) => reply(c, ['AVRO']))
  app.get('/schemas/ids/:id', (c) => {
    const [{ schema }] = usages(registry, c.req.param('id'))
    return reply(c, { schema: JSON.stringify(schema) })
  })
  app.get('/schemas/ids/:id/versions', (c) => {
    const found = usages(registry, c.req.param('id'))
    return reply(
      c,
      found.map(({ subject, version }) => ({ subject, version })),
    )
  })
  app.post('/compatibility/subjects/:subject/versions/:version?', async (c) => {
    const { subject, version } = c.req.param()
    const schema = await schemaIn(c)
    const against = version === undefined ? undefined : find(subject, version).version
    const faults = registry.incompatibilities(subject, schema, against)
    const messages = faults.map(({ rule, path, direction }) => `${rule} at ${path} (${direction})`)
    const told = c.req.query('verbose') === 'true' ? { messages } : {}
    return reply(c, { is_compatible: faults.length === 0, ...told })
  })
  app.get('/config/:subject?', (c) => {
    const subject = c.req.param('subject')
    const inherited = c.req.query('defaultToGlobal') === 'true' ? registry.level() : undefined
    const compatibilityLevel = registry.level(subject) ?? inherited
    if (compatibilityLevel === undefined)
      throw new RegistryError(40408, `Subject '${subject}' has no compatibility level of its own`)
    return reply(c, { compatibilityLevel })
  })
  app.put('/config/:subject?', async (c) => {
    const { compatibility } = await bodyOf(c)
    if (!isLevel(compatibility))
      throw new RegistryError(
        42203,
        `compatibility: ${compatibility} is no level: use ${compatibilityLevels.join(', ')}`,
      )
    registry.setLevel(compatibility, c.req.param('subject'))
    return reply(c, { compatibility })
  })
  app.onError((error, c) => {
    const { code, message } = asRegistryError(error)
    return reply(c, { error_code: code, message }, Number(String(code).slice(0, 3)))
  })
  return app
}

const reply = (c: Context, body: unknown, status = 200): Response =>
  c.body(JSON.stringify(body), status as 200, { 'content-type': 'application/vnd.schemaregistry.v1+json' })

const described = ({ subject, version, id, schema }: SubjectVersion) => ({
  subject,
  version,
  id,
  schema: JSON.stringify(schema),
})

const isLevel = (level: unknown): level is CompatibilityLevel =>
  compatibilityLevels.includes(level as CompatibilityLevel)

function known(registry: ServedRegistry, subject: string): readonly SubjectVersion[] {
  const versions = registry.versions(subject)
  if (versions.length === 0) throw new RegistryError(40401, `Subject '${subject}' not found.`)
  return versions
}

function versionOf(versions: readonly SubjectVersion[], wanted: string): SubjectVersion {
  if (wanted === 'latest' || wanted === '-1') return versions.at(-1) as SubjectVersion
  if (!/^[1-9]\d{0,9}$/.test(wanted))
    throw new RegistryError(42202, `'${wanted}' is not a version: use a number from 1, or "latest"`)
  const found = versions.find(({ version }) => version === Number(wanted))
  if (!found) throw new RegistryError(40402, `Version ${wanted} not found.`)
  return found
}

function usages(registry: ServedRegistry, id: string): readonly [SubjectVersion, ...SubjectVersion[]] {
  const [first, ...others] = registry.usages(Number(id))
  if (!first) throw new RegistryError(40403, `Schema ${id} not found`)
  return [first, ...others]
}

async function bodyOf(c: Context): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await c.req.json().catch(() => undefined)
  if (typeof body !== 'object' || body === null)
    throw new RegistryError(42201, 'the body is not a JSON object')
  return body as Readonly<Record<string, unknown>>
}

async function schemaIn(c: Context): Promise<AvroSchema> {
  const { schema, schemaType = 'AVRO', references = [] } = await bodyOf(c)
  if (schemaType !== 'AVRO')
    throw new RegistryError(42201, `schemaType: ${schemaType}: only AVRO is supported`)
  if (!Array.isArray(references) || references.length > 0)
    throw new RegistryError(42201, 'references: not supported: put the types into the schema itself')
  try {
    return JSON.parse(String(schema))
  } catch {
    throw new RegistryError(42201, 'schema: not the JSON text of an Avro schema')
  }
}

/** A failure of the registry as Confluent's server would tell it. */
function asRegistryError(error: Error): RegistryError {
  if (error instanceof RegistryError) return error
  if (!(error instanceof ConnectorError)) return new RegistryError(50001, error.message)
  if (error.code === 'INCOMPATIBLE_SCHEMA') return new RegistryError(409, error.message)
  return new RegistryError(error.code === 'INVALID_SCHEMA' ? 42201 : 50001, error.message)
}
