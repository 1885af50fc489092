import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { openFixture } from './fixture.ts'
import { openSockets } from './sockets.ts'

it('cuts off a client that answers no ping, and keeps the others', async () => {
  const fixture = await openFixture()
  const sockets = openSockets(fixture.gateway, '127.0.0.1', 50)
  const server = createServer().on('upgrade', sockets.upgrade).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/ws`
  const alive = new WebSocket(address)
  const silent = new WebSocket(address, { autoPong: false })
  const [code] = await once(silent, 'close')
  expect(code).toBe(1006)
  expect(alive.readyState).toBe(WebSocket.OPEN)
  await sockets.close(1000)
  expect(alive.readyState).toBe(WebSocket.CLOSED)
  server.close()
  await fixture.close()
})
