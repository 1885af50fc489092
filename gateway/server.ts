import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import { createApp } from './app.ts'
import type { Gateway } from './gateway.ts'
import { openSockets } from './sockets.ts'

const graceMs = 5000

export interface Listening {
  /** Such as `http://127.0.0.1:8080`. */
  readonly address: string
  /** Takes no more connections, lets what is in flight finish (at most 5 s), then closes the gateway. */
  stop(): Promise<void>
}

/**
 * Serves a gateway over HTTP and WebSocket, and owns it from now on.
 * @param port 0: any that is free
 * @throws where the port can't be had; the gateway is closed then, too
 */
export async function listen(
  gateway: Gateway,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  const app = createApp(gateway, host)
  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  const sockets = openSockets(gateway, host)
  server.on('upgrade', sockets.upgrade)
  server.listen(port, host)
  await once(server, 'listening').catch(async (error: NodeJS.ErrnoException) => {
    await sockets.close(0)
    await gateway.close()
    throw new Error(unavailable(host, port, error), { cause: error })
  })
  const { port: bound } = server.address() as AddressInfo
  return {
    address: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    async stop() {
      gateway.replies.release()
      const closed = once(server, 'close')
      server.close()
      await Promise.all([sockets.close(graceMs), drain(server)])
      await closed
      await gateway.close()
    },
  }
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
