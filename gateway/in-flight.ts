import { GatewayError } from './errors.ts'

/** Bounds the bytes of clients' input that are being worked on at any moment. */
export class InFlight {
  #bytes = 0

  constructor(private readonly limit: number) {}

  /**
   * Runs the work while its input counts.
   * @throws GatewayError 503 where there is no room
   */
  async hold<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#bytes + bytes > this.limit)
      throw new GatewayError(503, 'OVERLOADED', 'the gateway holds all the input that it may', {
        remedy: 'try again in a second; the idempotency key makes a repeat safe',
      })
    this.#bytes += bytes
    try {
      return await work()
    } finally {
      this.#bytes -= bytes
    }
  }
}
