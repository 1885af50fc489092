import { setTimeout as sleep } from 'node:timers/promises'
import { begin, type Line } from './input.ts'

const conversations = 5

/**
 * A client of the gateway that takes no answer for no: it sends one utterance after the other, each again and
 * again under the same idempotency key until it is accepted. None may be lost, none may come twice.
 */
export class Client {
  readonly accepted: Line[] = []
  #stopping = false
  readonly #done: Promise<void>

  /** @param address where to send the next time */
  constructor(address: () => string | undefined) {
    this.#done = this.#work(address)
  }

  /** Ends once the utterance in hand is accepted. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#done
  }

  async #work(address: () => string | undefined): Promise<void> {
    for (let n = 0; !this.#stopping; n++) {
      const line = {
        conversation: `web-${n % conversations}`,
        channel: 'import',
        text: `call ${n}`,
        occurredAt: begin + n,
      }
      let id: string | undefined
      while (id === undefined) {
        id = await send(address(), n, line).catch(() => undefined)
        await sleep(5)
      }
      this.accepted.push({ ...line, id })
    }
  }
}

async function send(
  address: string | undefined,
  n: number,
  line: Omit<Line, 'id'>,
): Promise<string | undefined> {
  if (!address) return undefined
  const response = await fetch(`${address}/v1/utterances`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `call-${n}` },
    body: JSON.stringify(line),
    signal: AbortSignal.timeout(5000),
  })
  const { accepted } = (await response.json()) as { accepted?: readonly { id: string }[] }
  return accepted?.[0]?.id
}
