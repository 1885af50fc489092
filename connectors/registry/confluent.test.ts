import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { expect, test } from 'vitest'
import { registryRoutes } from '../../gateway/registry.ts'
import { confluentRegistry } from './confluent.ts'
import { registryContract } from './contract.ts'
import { embeddedRegistry } from './embedded.ts'

/** Serves on a free port of this machine. */
async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

registryContract("Confluent's API, as Murmur serves it", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'murmur-confluent-'))
  const embedded = embeddedRegistry({ folder })
  const server = await serve(getRequestListener(registryRoutes(embedded).fetch))
  const registry = confluentRegistry({ url: `${server.url}/` })
  return {
    registry,
    async close() {
      await registry.close()
      await server.close()
      await embedded.close()
      await rm(folder, { recursive: true })
    },
  }
})

/** A server that always answers the same, and what it was asked. */
async function answering(status: number, body: string) {
  const asked: { url: string | undefined; authorization: string | undefined }[] = []
  const server = await serve(({ url, headers: { authorization } }, response) => {
    asked.push({ url, authorization })
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' }).end(body)
  })
  return { ...server, asked }
}

test('what was answered once is not asked again', async () => {
  const server = await answering(200, '{"id":7,"schema":"\\"string\\""}')
  const registry = confluentRegistry({ url: server.url })
  for (let i = 0; i < 3; i++) {
    expect(await registry.register('a/b-value', 'string')).toBe(7)
    expect(await registry.schema(7)).toBe('string')
  }
  expect(server.asked.map(({ url }) => url)).toEqual(['/subjects/a%2Fb-value/versions', '/schemas/ids/7'])
  await server.close()
})

test('a user and a password in the address become basic authentication', async () => {
  const server = await answering(200, '{"schema":"\\"string\\""}')
  await confluentRegistry({ url: server.url.replace('//', '//ann:s%40cret@') }).schema(1)
  expect(server.asked[0]?.authorization).toBe(`Basic ${Buffer.from('ann:s@cret').toString('base64')}`)
  await server.close()
})

test.each([
  [500, '{"error_code":50002,"message":"Operation timed out"}'],
  [503, 'not JSON'],
])('an answer of %i may be better later', async (status, body) => {
  const server = await answering(status, body)
  await expect(confluentRegistry({ url: server.url }).schema(1)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    retryable: true,
  })
  await server.close()
})

test('no server, and one that does not answer, are unavailable', async () => {
  const server = await serve(() => {})
  await expect(confluentRegistry({ url: server.url, timeoutMs: 50 }).schema(1)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  })
  await server.close()
  await expect(confluentRegistry({ url: server.url }).schema(1)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  })
})

test('a schema that is not Avro can not be read', async () => {
  const server = await answering(200, '{"schema":"syntax = \\"proto3\\";","schemaType":"PROTOBUF"}')
  await expect(confluentRegistry({ url: server.url }).schema(1)).rejects.toMatchObject({
    code: 'UNKNOWN_SCHEMA',
  })
  await server.close()
})

test('an address that is none is named', () =>
  expect(() => confluentRegistry({ url: 'localhost' })).toThrow('"localhost" is no address'))
