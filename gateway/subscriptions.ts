import type { Cursor } from './cursor.ts'
import { GatewayError } from './errors.ts'
import type { ReplyHistory } from './history.ts'
import type { Delivery, Listener, ReplyTail } from './tail.ts'

const maxConversations = 10_000
const pageSize = 100

/** The conversations that one client hears. */
export class Subscriptions {
  readonly #cancels = new Map<string, () => void>()

  constructor(
    private readonly tail: ReplyTail,
    private readonly history: ReplyHistory,
    /** Waits until the client has read what it was sent; false where it has gone. */
    private readonly drained: () => Promise<boolean>,
  ) {}

  has(conversation: string): boolean {
    return this.#cancels.has(conversation)
  }

  /**
   * Hears a conversation from a place on: `backlog` gets what came before now, then `live` the rest, without a
   * gap or a double. Resolves when the backlog is through.
   * @throws GatewayError; OFFSET_OUT_OF_RANGE
   */
  async add(conversation: string, from: Cursor, backlog: Listener, live: Listener): Promise<void> {
    this.remove(conversation)
    if (this.#cancels.size >= maxConversations)
      throw new GatewayError(
        422,
        'TOO_MANY_CONVERSATIONS',
        'the socket hears as many conversations as it may',
        {
          remedy: `unsubscribe from some, or open another socket: each hears ${maxConversations}`,
        },
      )
    const now = this.tail.end(conversation).offset
    const held: Delivery[] = []
    let receive: Listener = (delivery) => held.push(delivery)
    const cancel = this.tail.listen(conversation, (delivery) => receive(delivery))
    this.#cancels.set(conversation, cancel)
    try {
      await this.#replay(conversation, from, now, backlog, cancel)
    } catch (error) {
      if (this.#cancels.get(conversation) === cancel) this.remove(conversation)
      throw error
    }
    for (const delivery of held) live(delivery)
    receive = live
  }

  async #replay(
    conversation: string,
    from: Cursor,
    until: number,
    backlog: Listener,
    cancel: () => void,
  ): Promise<void> {
    for (let next = from; next.offset < until; ) {
      const page = await this.history.page(conversation, next, pageSize, until)
      if (this.#cancels.get(conversation) !== cancel) return
      for (const delivery of page.deliveries) backlog(delivery)
      next = page.next
      if (!(await this.drained())) return
    }
  }

  remove(conversation: string): void {
    this.#cancels.get(conversation)?.()
    this.#cancels.delete(conversation)
  }

  clear(): void {
    for (const conversation of [...this.#cancels.keys()]) this.remove(conversation)
  }
}
