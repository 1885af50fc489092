import { createHash } from 'node:crypto'
import type { Utterance } from '../schemas/generated/events.ts'
import type { Appender } from './appender.ts'
import { GatewayError } from './errors.ts'
import { sent, utteranceOf } from './utterance.ts'
import { validated } from './validate.ts'

/** What a client is told of an utterance that the log has durably. */
export interface Accepted {
  readonly id: string
  readonly conversation: string
  /** Where its replies will come after: the `after` of GET /v1/replies. */
  readonly cursor: string
}

/** Utterances under an idempotency key, that have been appended or are being so. */
interface Remembered {
  readonly digest: string
  readonly accepted: Accepted
  readonly request: { durable: Promise<void> }
}

const maxRemembered = 10_000

/** Takes utterances in: checks them, gives them ids, appends them, and answers a repeat as it did the first time. */
export class Acceptance {
  readonly #remembered = new Map<string, Remembered>()

  constructor(
    private readonly appender: Appender,
    /** The position of a conversation's replies as of now. */
    private readonly cursorOf: (conversation: string) => string,
    private readonly now: () => number,
  ) {}

  /**
   * Resolves when all of the items are durable; where it rejects, none of the new ones is known to be.
   * @param items each as the client sent it
   * @param key the request's idempotency key; an item's own goes first
   * @param prefix says where an item lies in what the client sent, for errors
   * @throws GatewayError, or what the append throws
   */
  async accept(
    items: readonly unknown[],
    key?: string,
    prefix: (index: number) => readonly PropertyKey[] = () => [],
  ): Promise<Accepted[]> {
    const checked = items.map((item, index) => validated(sent, item, prefix(index)))
    const request = { durable: Promise.resolve() }
    const waiting = new Set([request])
    const fresh: Utterance[] = []
    try {
      const accepted = checked.map((fields, index) => {
        const own = fields.idempotencyKey
        const keyed = own ? ([own, 0] as const) : key ? ([key, index] as const) : undefined
        const utterance = utteranceOf(fields, keyed, this.now())
        const digest = keyed ? digestOf(items[index]) : ''
        const remembered = keyed && this.#recall(utterance.id, digest, keyed[0])
        if (remembered) {
          waiting.add(remembered.request)
          return remembered.accepted
        }
        const made = {
          id: utterance.id,
          conversation: utterance.conversation,
          cursor: this.cursorOf(utterance.conversation),
        }
        if (keyed) this.#remember(utterance.id, { digest, accepted: made, request })
        fresh.push(utterance)
        return made
      })
      if (fresh.length > 0) request.durable = this.appender.append(fresh)
      await Promise.all([...waiting].map(({ durable }) => durable))
      return accepted
    } catch (error) {
      for (const { id } of fresh) this.#remembered.delete(id)
      throw error
    }
  }

  #recall(id: string, digest: string, key: string): Remembered | undefined {
    const remembered = this.#remembered.get(id)
    if (remembered && remembered.digest !== digest)
      throw new GatewayError(409, 'KEY_REUSED', 'the idempotency key came before with another utterance', {
        field: 'idempotencyKey',
        value: key,
        remedy: 'repeat the same utterance under a key, and give every other one a key of its own',
      })
    return remembered
  }

  #remember(id: string, remembered: Remembered): void {
    this.#remembered.set(id, remembered)
    const [oldest] = this.#remembered.keys()
    if (this.#remembered.size > maxRemembered) this.#remembered.delete(oldest as string)
  }
}

const digestOf = (item: unknown): string => createHash('sha256').update(JSON.stringify(item)).digest('base64')
