import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import { createApp, createHealthApp } from './app.ts'
import type { Gateway } from './gateway.ts'
import type { Vitals } from './health.ts'
import { openSockets } from './sockets.ts'

const graceMs = 5000

export interface Listening {
  /** Such as `http://127.0.0.1:8080`. */
  readonly address: string
  /** Takes no more connections, lets what is in flight finish (at most 5 s), then closes the gateway. */
  stop(): Promise<void>
}

interface Place {
  readonly host: string
  /** 0: any that is free */
  readonly port: number
}

/**
 * Serves a gateway over HTTP and WebSocket, and owns it from now on.
 * @throws where the port can't be had; the gateway is closed then, too
 */
export async function listen(gateway: Gateway, place: Place): Promise<Listening> {
  const server = serverOf(createApp(gateway, place.host))
  const sockets = openSockets(gateway, place.host)
  server.on('upgrade', sockets.upgrade)
  const address = await open(server, place).catch(async (error: Error) => {
    await sockets.close(0)
    await gateway.close()
    throw error
  })
  return {
    address,
    async stop() {
      gateway.replies.release()
      await Promise.all([close(server), sockets.close(graceMs)])
      await gateway.close()
    },
  }
}

/** Serves the health of a process that has no gateway. @throws where the port can't be had */
export async function listenForHealth(vitals: Vitals, place: Place): Promise<Listening> {
  const server = serverOf(createHealthApp(vitals, place.host))
  const address = await open(server, place)
  return { address, stop: () => close(server) }
}

const serverOf = (app: Hono): Server => createAdaptorServer({ fetch: app.fetch }) as Server

/** @returns the address */
async function open(server: Server, { host, port }: Place): Promise<string> {
  server.listen(port, host)
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new Error(unavailable(host, port, error), { cause: error })
  })
  const { port: bound } = server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  await drain(server)
  await closed
}

/** Lets requests finish; a connection that is kept alive for a next one goes at once. */
async function drain(server: Server): Promise<void> {
  const end = performance.now() + graceMs
  const open = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))
  while ((await open()) > 0 && performance.now() < end) {
    server.closeIdleConnections()
    await sleep(10)
  }
  server.closeAllConnections()
}

function unavailable(host: string, port: number, { code, message }: NodeJS.ErrnoException): string {
  const choose = 'choose another one with --port'
  if (code === 'EADDRINUSE')
    return `port ${port} of ${host} is in use: stop the program that has it, or ${choose}`
  if (code === 'EACCES') return `port ${port} may not be opened by this user: ${choose}, above 1023`
  return `can’t listen on ${host}, port ${port} (${message}): check --host and --port`
}
