import { isIP } from 'node:net'
import { type API, AuthenticationError, Connection, type ConnectionOptions } from '@platformatic/kafka'
import { faultOf, isFault, KafkaFault } from './faults.ts'
import type { KafkaSettings } from './options.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

/**
 * What a connection is for. A broker answers one request of a connection after the other, so what waits at the
 * broker (a fetch, a rebalance, a write that is replicated) has a connection of its own.
 */
export type Purpose = 'control' | `fetch ${string}` | `join ${string}` | `write ${string}`

/** The connections of one client, each opened on first use and again after it broke. */
export class Connections {
  readonly #open = new Map<string, Promise<Connection>>()
  /** How many requests of each are not answered yet. */
  readonly #waiting = new WeakMap<Connection, number>()
  /** Closed as soon as they wait for nothing. */
  readonly #retired = new WeakSet<Connection>()
  readonly #options: ConnectionOptions
  readonly #attemptMs: number
  #closed = false

  constructor(private readonly settings: KafkaSettings) {
    const { tls, sasl, requestTimeoutMs, rebalanceTimeoutMs } = settings
    // Half of what a request may take with its repetitions: a broker that hangs leaves time to ask another
    this.#attemptMs = requestTimeoutMs / 2
    this.#options = {
      connectTimeout: this.#attemptMs,
      // a member that joins waits for the others
      requestTimeout: Math.max(requestTimeoutMs, rebalanceTimeoutMs + 5000),
      maxInflights: 64,
      ...(tls ? { tls: { ca: tls.ca, cert: tls.cert, key: tls.key } } : {}),
      ...(sasl ? { sasl: sasl.mechanism === 'OAUTHBEARER' ? { ...sasl, authBytesValidator } : sasl } : {}),
    }
  }

  /** Sends one request. @throws KafkaFault */
  async request<Args extends unknown[], Response>(
    { host, port }: Address,
    purpose: Purpose,
    api: API<Args, Response>,
    ...args: Args
  ): Promise<Response> {
    const address = `${host}:${port}`
    let connection: Connection | undefined
    let timer: NodeJS.Timeout | undefined
    let late = false
    try {
      connection = await this.#connection(`${purpose} ${address}`, host, port)
      if (!purpose.startsWith('join '))
        timer = setTimeout(() => {
          late = true
          this.#hangUp((key) => key.endsWith(` ${address}`))
        }, this.#attemptMs)
      this.#waiting.set(connection, (this.#waiting.get(connection) ?? 0) + 1)
      return await api.async(connection, ...args)
    } catch (cause) {
      const fault = late ? silent(address, this.#attemptMs, cause) : faultOf(cause, address)
      // The client forgets how to read a connection on which a request ran out of time
      if (isFault(fault, 'NETWORK', 'TIMEOUT')) connection?.socket.destroy()
      throw fault
    } finally {
      clearTimeout(timer)
      if (connection) this.#answered(connection)
    }
  }

  /** Closes what was opened for a purpose that is over. What is still on its way there fails. */
  hangUp(purpose: Purpose): void {
    this.#hangUp((key) => key.startsWith(`${purpose} `))
  }

  async close(): Promise<void> {
    this.#closed = true
    const all = [...this.#open.values()]
    this.#open.clear()
    await Promise.allSettled(all.map(async (connection) => (await connection).close()))
  }

  #hangUp(which: (key: string) => boolean): void {
    for (const [key, opening] of this.#open) {
      if (!which(key)) continue
      this.#open.delete(key)
      opening.then(({ socket }) => socket.destroy()).catch(() => {})
    }
  }

  #answered(connection: Connection): void {
    const waiting = (this.#waiting.get(connection) ?? 1) - 1
    this.#waiting.set(connection, waiting)
    if (waiting === 0 && this.#retired.has(connection)) void connection.close()
  }

  #connection(key: string, host: string, port: number): Promise<Connection> {
    const existing = this.#open.get(key)
    if (existing) return existing
    const opening = this.#connect(host, port, () => forget())
    const forget = () => {
      if (this.#open.get(key) === opening) this.#open.delete(key)
    }
    this.#open.set(key, opening)
    opening.catch(forget)
    return opening
  }

  async #connect(host: string, port: number, forget: () => void): Promise<Connection> {
    if (this.#closed) throw new Error('the log is closed')
    const connection = new Connection(this.settings.clientId, {
      ...this.#options,
      // An address that is no name is not to be told
      tlsServerName: this.settings.tls?.serverName ?? isIP(host) === 0,
    })
    // Whoever waits for an answer is told of the fault; an error that nobody listens to would end the process
    connection.on('error', () => {})
    // Where the connection broke, its timer for the next authentication still runs
    connection.once('close', () => {
      forget()
      void connection.close()
    })
    // The session of a login ends: the client would log in again between the requests that are on their way, which
    // brokers refuse, so that another connection takes over
    connection.reauthenticate = () => {
      forget()
      this.#retired.add(connection)
      if ((this.#waiting.get(connection) ?? 0) === 0) void connection.close()
    }
    await connection.connect(host, port)
    return connection
  }
}

/** A broker that accepts connections and answers nothing. */
const silent = (address: string, afterMs: number, cause: unknown): KafkaFault =>
  new KafkaFault('TIMEOUT', `the broker ${address} has not answered for ${afterMs} ms`, undefined, { cause })

/** A broker says no to a token by an answer that is not empty (RFC 7628, 3.2.2). */
const authBytesValidator = (answer: Buffer, done: (error: Error | null, answer?: Buffer) => void): void =>
  answer.length === 0 ? done(null, answer) : done(new AuthenticationError(`the token is refused: ${answer}`))
