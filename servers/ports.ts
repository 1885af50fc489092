import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** Where everything listens. */
export const host = '127.0.0.1'

/**
 * Below the range that systems give to outgoing connections: while a killed server is away, no client gets its port.
 * Below 22,768 so that the bus of a Redis Cluster, 10,000 above, stays out of that range as well.
 */
const range = [10_240, 22_768] as const

/** Workers of one run of the tests choose from different parts: a port is free until its server, seconds later, has it. */
const parts = 12
const part = Number(process.env.VITEST_POOL_ID ?? 0) % parts
const width = Math.floor((range[1] - range[0]) / parts)

/** Nor does a port of a server that is killed, and comes back, go to another. */
const given = new Set<number>()

/**
 * That many different ports that nobody listens on.
 * @param first what the first must be; any will do unless told
 * @throws Error if somebody listens on that
 */
export async function freePorts(count: number, first?: number): Promise<number[]> {
  const held = new Map<number, Server>()
  while (held.size < count) {
    const wanted = held.size === 0 ? first : undefined
    const port = wanted ?? range[0] + part * width + randomInt(width)
    const server = wanted === undefined && given.has(port) ? undefined : await listen(port)
    if (server) held.set(port, server)
    else if (wanted !== undefined)
      throw new Error(`port ${wanted} is taken: stop the server that listens there, or choose another port`)
    given.add(port)
  }
  await Promise.all([...held.values()].map((server) => new Promise((resolve) => server.close(resolve))))
  return [...held.keys()]
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer().listen(port, host)
  try {
    await once(server, 'listening')
    return server
  } catch {
    return undefined
  }
}
