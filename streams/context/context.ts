import { createHash } from 'node:crypto'
import type { Duration } from '../../duration.ts'
import { type Learn, type SlotSetting, slotLearner } from '../../language/signals/slots.ts'
import { contextualisedFrom, type Turn, type Understood } from '../../schemas/generated/events.ts'
import { contextualised, understood } from '../../schemas/topics.ts'
import type { Message } from '../message.ts'
import { keyed, type Stage } from '../stage.ts'

export interface ContextOptions {
  /** How many of the last turns a session remembers. Default: 5. */
  readonly turns?: number
  /** A session ends when its next utterance comes so much later, by the utterances' own time. Default: 30m. */
  readonly expireAfter?: Duration
  /** Where the days of those who write begin, for "tomorrow" and 明天: an IANA name. Default: UTC. */
  readonly timezone?: string
  /** What a session learns from its user beside the built-in slots. Default: nothing. */
  readonly slots?: readonly SlotSetting[]
}

/** The session of one conversation. It is saved for every utterance, so its names are short. */
interface Session {
  /** When the first utterance to arrive was said */
  readonly start: number
  /** Utterances so far, of whatever role */
  readonly turn: number
  /** Utterances of the user so far, and the negative ones among them */
  readonly user: number
  readonly negative: number
  /** The last turns, oldest first */
  readonly last: readonly Turn[]
  readonly slots: Readonly<Record<string, string>>
  /** Hashes of the last ids that came with an idempotency key, back to back, oldest first */
  readonly ids: string
}

/** Characters of a text that a session remembers. */
const remembered = 200
/** Base64 characters of an id's hash: 54 bits, so that two of 64 ids agree once in 10¹⁴ sessions. */
const hashLength = 9
const mostIds = 64

const initial = (): Session => ({ start: 0, turn: 0, user: 0, negative: 0, last: [], slots: {}, ids: '' })

/**
 * The context stage: `understood` → `contextualised`. It gives each utterance its session as of that moment:
 * the turns before it, what has been learnt, and counters that include it. Turns of a bot or an agent are
 * remembered and counted as turns; only the user's are learnt from and counted as the user's.
 *
 * An utterance with the attribute `idempotency-key` whose id was among the last 64 such ids of the session is
 * a repetition, and dropped. Turns stand in the order of arrival, also where `occurredAt` says otherwise.
 */
export function context(options: ContextOptions = {}): Stage {
  const { turns = 5, expireAfter = '30m', timezone, slots } = options
  const learn = slotLearner(slots, timezone)
  return keyed(
    { name: 'context', from: understood, to: contextualised, state: { initial, expireAfter } },
    (session: Session, message) => {
      const hash = hashOfKeyed(message.value)
      if (hash !== undefined && isAmong(session.ids, hash)) return [session, []]
      const next = advance(session, message.value, turns, learn, hash)
      return [next, [contextualise(message, session.last, next)]]
    },
  )
}

function advance(
  session: Session,
  utterance: Understood,
  turns: number,
  learn: Learn,
  hash?: string,
): Session {
  const { role, cleanText, intent, sentiment, occurredAt } = utterance
  const byUser = role === 'user'
  const said: Turn = { role, text: beginning(cleanText), intent, at: occurredAt }
  return {
    start: session.turn === 0 ? occurredAt : session.start,
    turn: session.turn + 1,
    user: session.user + (byUser ? 1 : 0),
    negative: session.negative + (byUser && sentiment === 'negative' ? 1 : 0),
    last: [...session.last, said].slice(Math.max(0, session.last.length + 1 - turns)),
    slots: byUser ? learn(session.slots, cleanText, occurredAt) : session.slots,
    ids: hash === undefined ? session.ids : (session.ids + hash).slice(-mostIds * hashLength),
  }
}

const contextualise = (message: Message<Understood>, history: readonly Turn[], session: Session) =>
  message.as(
    contextualisedFrom(message.value, {
      turn: session.turn,
      sessionStartedAt: session.start,
      userTurns: session.user,
      negativeTurns: session.negative,
      history,
      slots: session.slots,
    }),
  )

/** Of the id, where the utterance came with an idempotency key. */
function hashOfKeyed({ id, attributes }: Understood): string | undefined {
  if (attributes['idempotency-key'] === undefined) return undefined
  return createHash('sha1').update(id).digest('base64url').slice(0, hashLength)
}

function isAmong(ids: string, hash: string): boolean {
  for (let i = 0; i < ids.length; i += hashLength) if (ids.startsWith(hash, i)) return true
  return false
}

/** At most the first 200 UTF-16 units; no character is divided. */
function beginning(text: string): string {
  if (text.length <= remembered) return text
  const code = text.charCodeAt(remembered)
  return text.slice(0, code >= 0xdc00 && code <= 0xdfff ? remembered - 1 : remembered)
}
