import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'
import { GatewayError, problemOf } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { checkOrigin } from './origin.ts'
import { serveSocket } from './websocket.ts'

const path = '/v1/ws'

export interface Sockets {
  /** Takes the HTTP server's event `upgrade`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Says goodbye (1001) to every client, and cuts off who hasn't gone after `graceMs`. */
  close(graceMs: number): Promise<void>
}

/**
 * The WebSockets of a gateway that listens on `bound`.
 * @param keepAliveMs how often clients are pinged; one that hasn't answered by the next ping is cut off
 */
export function openSockets(gateway: Gateway, bound: string, keepAliveMs = 30_000): Sockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: gateway.limits.bodyBytes })
  const silent = new WeakSet<WebSocket>()
  const keepAlive = setInterval(() => {
    for (const client of server.clients) {
      if (silent.has(client)) client.terminate()
      else silent.add(client)
      client.ping()
    }
  }, keepAliveMs).unref()

  server.on('connection', (client) => {
    client.on('pong', () => silent.delete(client))
    serveSocket(gateway, client)
  })
  return {
    upgrade(request, socket, head) {
      try {
        checkOrigin(bound, request.headers.host ?? '', request.headers.origin)
        if (request.url?.split('?')[0] !== path)
          throw new GatewayError(404, 'UNKNOWN_ROUTE', 'there is no WebSocket at this path', {
            remedy: `connect to ${path}`,
          })
        server.handleUpgrade(request, socket, head, (client) => server.emit('connection', client, request))
      } catch (error) {
        refuse(socket, error)
      }
    },
    async close(graceMs) {
      clearInterval(keepAlive)
      for (const client of server.clients) client.close(1001, 'the gateway stops')
      const end = performance.now() + graceMs
      while (server.clients.size > 0 && performance.now() < end) await sleep(10)
      for (const client of server.clients) client.terminate()
    },
  }
}

function refuse(socket: Duplex, error: unknown): void {
  const { status, problem } = problemOf(error)
  const body = JSON.stringify({ error: problem })
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}
