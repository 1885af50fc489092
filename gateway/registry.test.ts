import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import type { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { embeddedRegistry } from '../connectors/registry/embedded.ts'
import type { ServedRegistry } from '../connectors/registry/registry.ts'
import { replies, topics } from '../schemas/topics.ts'
import { encodeFramed } from '../schemas/wire.ts'
import { registryRoutes } from './registry.ts'

let folder: string
let registry: ServedRegistry
let app: Hono
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'murmur-routes-'))
  registry = embeddedRegistry({ folder })
  app = registryRoutes(registry)
  for (const schema of [note(), note({ name: 'tone', type: 'string', default: '' })])
    await post('/subjects/notes-value/versions', { schema: JSON.stringify(schema) })
})
afterAll(async () => {
  await registry.close()
  await rm(folder, { recursive: true })
})

const note = (...fields: object[]) => ({
  type: 'record' as const,
  name: 'Note',
  namespace: 'test',
  fields: [{ name: 'text', type: 'string' }, ...fields],
})
const first = { schema: JSON.stringify(note()) }
const breaking = { schema: JSON.stringify(note({ name: 'must', type: 'string' })) }
const given = 10_000

async function answer(asked: Response | Promise<Response>) {
  const response = await asked
  expect(response.headers.get('content-type')).toBe('application/vnd.schemaregistry.v1+json')
  return { status: response.status, body: await response.json() }
}
const get = (path: string) => answer(app.request(path))
const send = (method: string) => (path: string, body: unknown) =>
  answer(app.request(path, { method, body: typeof body === 'string' ? body : JSON.stringify(body) }))
const post = send('POST')
const put = send('PUT')

describe('reading', () => {
  test.each([
    ['/subjects/notes-value/versions', [1, 2]],
    ['/subjects/notes-value/versions/1', { subject: 'notes-value', version: 1, id: given, ...first }],
    ['/subjects/notes-value/versions/1/schema', note()],
    ['/subjects/notes-value/versions/-1', expect.objectContaining({ version: 2, id: given + 1 })],
    ['/subjects/notes-value/versions/latest', expect.objectContaining({ version: 2, id: given + 1 })],
    [`/schemas/ids/${given}`, first],
    [`/schemas/ids/${given}/versions`, [{ subject: 'notes-value', version: 1 }]],
    ['/schemas/types', ['AVRO']],
    ['/config', { compatibilityLevel: 'FULL_TRANSITIVE' }],
    ['/config/notes-value?defaultToGlobal=true', { compatibilityLevel: 'FULL_TRANSITIVE' }],
  ])('%s', async (path, body) => expect(await get(path)).toEqual({ status: 200, body }))

  test('the subjects are those of all topics and what was registered', async () =>
    expect((await get('/subjects')).body).toEqual([
      ...topics.map(({ name }) => `${name}-value`),
      'notes-value',
    ]))

  test.each([
    ['/subjects/none-value/versions', 404, 40401],
    ['/subjects/notes-value/versions/3', 404, 40402],
    ['/subjects/notes-value/versions/first', 422, 42202],
    ['/subjects/notes-value/versions/0', 422, 42202],
    ['/schemas/ids/1234', 404, 40403],
    ['/schemas/ids/x/versions', 404, 40403],
    ['/config/notes-value', 404, 40408],
  ])('%s is refused with %i and %i', async (path, status, code) =>
    expect(await get(path)).toEqual({ status, body: { error_code: code, message: expect.any(String) } }),
  )
})

describe('writing', () => {
  test('the same schema again has the same id', async () =>
    expect(await post('/subjects/notes-value/versions', first)).toEqual({ status: 200, body: { id: given } }))

  test('a schema is looked up under its subject', async () => {
    expect((await post('/subjects/notes-value', first)).body).toMatchObject({ version: 1, id: given })
    expect(await post('/subjects/notes-value', breaking)).toMatchObject({ body: { error_code: 40403 } })
    expect(await post('/subjects/none-value', first)).toMatchObject({ body: { error_code: 40401 } })
  })

  test('a schema that breaks readers is refused by field and rule', async () =>
    expect(await post('/subjects/notes-value/versions', breaking)).toEqual({
      status: 409,
      body: {
        error_code: 409,
        message: expect.stringContaining('READER_FIELD_MISSING_DEFAULT_VALUE at /fields/must'),
      },
    }))

  test.each([
    ['not JSON', 'the body is not a JSON object'],
    [{ schema: '{' }, 'schema: not the JSON text'],
    [{ schema: '"no such type"' }, 'not an Avro schema'],
    [{ ...first, schemaType: 'PROTOBUF' }, 'schemaType: PROTOBUF'],
    [{ ...first, references: [{ name: 'other' }] }, 'references: not supported'],
  ])('%j is refused', async (body, message) =>
    expect(await post('/subjects/notes-value/versions', body)).toEqual({
      status: 422,
      body: { error_code: 42201, message: expect.stringContaining(message) },
    }),
  )
})

describe('compatibility', () => {
  const path = '/compatibility/subjects/notes-value/versions'

  test('is told without registering', async () => {
    expect((await post(`${path}/latest`, first)).body).toEqual({ is_compatible: true })
    expect((await post(`${path}/1`, breaking)).body).toEqual({ is_compatible: false })
    expect((await post(`${path}?verbose=true`, breaking)).body).toMatchObject({
      is_compatible: false,
      messages: expect.arrayContaining(['READER_FIELD_MISSING_DEFAULT_VALUE at /fields/must (backward)']),
    })
    expect((await post(`${path}/9`, first)).body).toMatchObject({ error_code: 40402 })
  })

  test('a level is set for a subject, or for all', async () => {
    expect(await put('/config/levels-value', { compatibility: 'NONE' })).toEqual({
      status: 200,
      body: { compatibility: 'NONE' },
    })
    for (const schema of [first, breaking])
      expect((await post('/subjects/levels-value/versions', schema)).status).toBe(200)
    await put('/config', { compatibility: 'BACKWARD' })
    expect((await get('/config')).body).toEqual({ compatibilityLevel: 'BACKWARD' })
    await put('/config', { compatibility: 'FULL_TRANSITIVE' })
  })

  test('a level that there is not is refused, with those that there are', async () =>
    expect(await put('/config', { compatibility: 'SOME' })).toEqual({
      status: 422,
      body: { error_code: 42203, message: expect.stringContaining('SOME is no level: use NONE, BACKWARD') },
    }))
})

test('a fault of the registry itself is told as one', async () => {
  const other = embeddedRegistry({ folder: join(folder, 'closed') })
  const routes = registryRoutes(other)
  await other.close()
  expect(await answer(routes.request('/subjects'))).toMatchObject({
    status: 500,
    body: { error_code: 50001 },
  })
})

test("Confluent's client of KafkaJS registers, encodes and decodes, and reads what our codec wrote", async () => {
  const server = createServer(getRequestListener(app.fetch)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = new SchemaRegistry({ host: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })

  const theirs = { type: SchemaType.AVRO as const, schema: JSON.stringify({ ...note(), name: 'Theirs' }) }
  const { id } = await client.register(theirs, { subject: 'theirs-value' })
  expect(await client.decode(await client.encode(id, { text: 'hello' }))).toEqual({ text: 'hello' })
  expect(await client.getLatestSchemaId('theirs-value')).toBe(id)
  expect(await client.getRegistryIdBySchema('theirs-value', theirs)).toBe(id)

  const reply = {
    id: 'r1',
    conversation: 'c1',
    user: null,
    channel: 'chat',
    inReplyTo: 'u1',
    text: 'Guten Tag 你好',
    plugin: 'faq',
    intent: 'greeting',
    confidence: 0.5,
    attributes: {},
    createdAt: 1,
  }
  const ours = await registry.register('replies-value', replies.codec.schema)
  const buffer = Buffer.alloc(1024)
  const message = buffer.subarray(0, encodeFramed(replies.codec, ours, reply, buffer, 0))
  expect(await client.decode(message)).toEqual(reply)

  server.closeAllConnections()
  server.close()
})
