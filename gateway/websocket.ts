import { setTimeout as sleep } from 'node:timers/promises'
import type { RawData, WebSocket } from 'ws'
import { z } from 'zod'
import { parseJson } from './body.ts'
import { formatCursor, parseCursor } from './cursor.ts'
import { problemOf } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { Subscriptions } from './subscriptions.ts'
import type { Delivery } from './tail.ts'
import { fields, validated } from './validate.ts'

const envelope = z.looseObject({
  type: z.enum(['utterance', 'subscribe', 'unsubscribe']),
  ref: z.string().max(256).optional(),
})
const conversation = z.string().min(1).max(256)
const subscription = fields({ conversation, after: z.string().optional() })
const cancellation = fields({ conversation })

/**
 * One client on a WebSocket, in JSON texts. The client sends
 * - `{type: 'utterance', …}` with the fields of POST /v1/utterances; it then hears the conversation's replies
 * - `{type: 'subscribe', conversation, after?}` to hear them without speaking, from a cursor on
 * - `{type: 'unsubscribe', conversation}`
 *
 * and gets `{type: 'accepted' | 'subscribed' | 'unsubscribed' | 'error', ref?, …}` with the `ref` that it gave,
 * and `{type: 'reply', …}` with the event's fields and a cursor; `subscribed` comes behind the replies that
 * were there already. A client that reads too slowly is closed with 1013, and may go on from its last cursor.
 */
export function serveSocket(gateway: Gateway, socket: WebSocket): void {
  const { acceptance, replies, history, inFlight, meters, limits, now } = gateway
  const subscriptions = new Subscriptions(replies, history, drained)

  socket.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary) socket.close(1003, 'send JSON as text')
    else void handle(data as Buffer)
  })
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    meters.socket(-1)
    subscriptions.clear()
  })
  meters.socket(1)

  async function handle(data: Buffer): Promise<void> {
    let ref: string | undefined
    try {
      const { type, ref: given, ...body } = validated(envelope, parseJson(data.toString()))
      ref = given
      const answer = await inFlight.hold(data.length, () => actions[type](body))
      send({ ...answer, ref })
      if (type === 'utterance') await hear(answer as { conversation: string; cursor: string })
    } catch (error) {
      send({ type: 'error', ...problemOf(error).problem, ref })
    }
  }

  const actions = {
    async utterance(body: object) {
      const [accepted] = await acceptance.accept([body])
      meters.accepted(1)
      return { type: 'accepted', ...accepted }
    },
    async subscribe(body: object) {
      const { conversation, after } = validated(subscription, body)
      const end = replies.end(conversation)
      const from = after === undefined ? end : parseCursor(after, end.partition)
      await subscriptions.add(conversation, from, deliver, live)
      return { type: 'subscribed', conversation, cursor: formatCursor(end) }
    },
    async unsubscribe(body: object) {
      const { conversation } = validated(cancellation, body)
      subscriptions.remove(conversation)
      return { type: 'unsubscribed', conversation }
    },
  }

  /** Hears what answers an utterance, also where the answer was quicker than this. */
  async function hear({ conversation, cursor }: { conversation: string; cursor: string }): Promise<void> {
    if (subscriptions.has(conversation) || socket.readyState !== socket.OPEN) return
    await subscriptions.add(conversation, parseCursor(cursor, replies.partition(conversation)), live, live)
  }

  function deliver({ reply, after }: Delivery): void {
    send({ type: 'reply', ...reply, cursor: formatCursor(after) })
    meters.sent(1)
  }

  function live(delivery: Delivery): void {
    deliver(delivery)
    meters.answered(delivery.reply.inReplyTo, now())
  }

  function send(message: object): void {
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > limits.socketBytes) {
      subscriptions.clear()
      socket.close(1013, 'too slow: go on from your last cursor')
    } else socket.send(JSON.stringify(message))
  }

  async function drained(): Promise<boolean> {
    while (socket.readyState === socket.OPEN && socket.bufferedAmount > 0) await sleep(5)
    return socket.readyState === socket.OPEN
  }
}
