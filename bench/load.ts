// The load of the latency bench, a process of its own: node dist/bench/load.js ADDRESS RATE SECONDS WARM-UP-SECONDS
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { type Quantiles, quantiles } from './delays.ts'
import { type Line, utterances } from './input.ts'

/** What the load saw, of the utterances behind the warm-up. Times are in milliseconds. */
export interface Seen {
  /** When the warm-up was over, in milliseconds since the epoch. */
  readonly from: number
  readonly sent: number
  readonly answered: number
  /** From the moment at which an utterance was due to its reply on the WebSocket. */
  readonly reply: Quantiles
  /** From the same moment to `accepted`: the log has it durably. */
  readonly accepted: Quantiles
}

type FromGateway =
  | { readonly type: 'accepted'; readonly ref: string; readonly id: string }
  | { readonly type: 'reply'; readonly inReplyTo: string }

const sockets = 100
const [address = '', rate = 0, seconds = 0, warmUp = 0] = [
  process.argv[2],
  ...process.argv.slice(3).map(Number),
]

const acceptedAt = new Map<string, number>()
const idByRef = new Map<string, string>()
const repliedAt = new Map<string, number>()

const open = await Promise.all(
  Array.from({ length: sockets }, async () => {
    const socket = new WebSocket(`${address.replace('http', 'ws')}/v1/ws`)
    socket.on('message', (data: Buffer) => hear(JSON.parse(data.toString()) as FromGateway))
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    return socket
  }),
)
const dueAt = await speak()
await sleep(2000)
for (const socket of open) socket.close()
console.log(JSON.stringify(seen()))

function hear(message: FromGateway): void {
  const now = performance.now()
  if (message.type === 'reply') repliedAt.set(message.inReplyTo, now)
  else if (message.type === 'accepted') {
    acceptedAt.set(message.ref, now)
    idByRef.set(message.ref, message.id)
  } else throw new Error(`the gateway refuses: ${JSON.stringify(message)}`)
}

/** Sends at an even rate, whatever comes back, and keeps to its schedule. */
async function speak(): Promise<readonly number[]> {
  const lines = utterances('chats', () => Date.now(), { active: 200 })
  const socketOf = new Map<string, WebSocket>()
  const due: number[] = []
  const started = performance.now()
  const count = rate * (warmUp + seconds)
  while (due.length < count) {
    for (let at = started; due.length < count; ) {
      at = started + (1000 * due.length) / rate
      if (at > performance.now()) break
      const line = lines.next().value
      const socket = socketOf.get(line.conversation) ?? (open[socketOf.size % sockets] as WebSocket)
      socketOf.set(line.conversation, socket)
      socket.send(messageOf(line, String(due.length)))
      due.push(at)
    }
    await sleep(1)
  }
  return due
}

function messageOf({ conversation, user, channel, text, occurredAt }: Line, ref: string): string {
  return JSON.stringify({ type: 'utterance', ref, conversation, user, channel, text, occurredAt })
}

function seen(): Seen {
  const counted = [...dueAt.entries()].slice(rate * warmUp)
  const reply: number[] = []
  const accepted: number[] = []
  for (const [ref, due] of counted) {
    const at = acceptedAt.get(String(ref))
    if (at === undefined) throw new Error(`utterance ${ref} was never accepted`)
    accepted.push(at - due)
    const answered = repliedAt.get(idByRef.get(String(ref)) as string)
    if (answered !== undefined) reply.push(answered - due)
  }
  return {
    from: performance.timeOrigin + (dueAt[rate * warmUp] as number),
    sent: counted.length,
    answered: reply.length,
    reply: quantiles(reply),
    accepted: quantiles(accepted),
  }
}
