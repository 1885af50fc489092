import { type Duration, milliseconds } from '../duration.ts'
import type { Topic } from '../schemas/topic.ts'
import type { Message, Rejection, Routed } from './message.ts'

/**
 * A stage: a function from a batch of messages to messages. Everything else (consuming, committing, retrying,
 * dead letters, metrics, state, shutdown) is the runtime's.
 *
 * - Messages come in order per key, and outputs keep the order in which they are returned.
 * - No output for a message means that it was filtered.
 * - `reject(message, reason)` among the outputs: the data is at fault; the rest of the batch goes on.
 * - A throw: the world is at fault (broker, store, model). Nothing of the batch commits; it is tried again.
 * - A stage touches no metrics, retries, offsets or clients, and calls no other stage.
 *
 * Make one with `each`, `batch` or `keyed`.
 */
export interface Stage {
  readonly name: string
  readonly from: Topic<unknown>
  /** Where outputs go that name no topic. */
  readonly to: Topic<unknown>
  /** Further topics that outputs may name. */
  readonly also: readonly Topic<unknown>[]
  readonly state: StateSettings<unknown> | undefined
  /** Loads what the stage needs, once, before its first batch. */
  open(): Promise<void>
  process(messages: readonly Message<unknown>[], context: Context): Outputs | Promise<Outputs>
}

export type Output<T> = Message<T> | Routed | Rejection
export type Outputs = readonly Output<unknown>[]

/** What the runtime lends a stage for one batch. */
export interface Context {
  /** The time at which the batch is processed, in milliseconds since the epoch. Virtual in tests. */
  readonly now: number
  /** The keyed state of this stage; empty for stages without. */
  readonly states: States
}

/** State by key, as of the batch: what `set` leaves is committed with the batch's outputs, or not at all. */
export interface States {
  /** The state of the key, or the initial one where there is none or it had expired by `timestamp`. */
  get(key: string, timestamp: number): unknown
  set(key: string, state: unknown, timestamp: number): void
}

export interface StateSettings<S> {
  readonly initial: () => S
  /** The state is forgotten when the next message of its key comes so much later; undefined: never. */
  readonly expireAfterMs: number | undefined
}

interface Wiring<In, Out> {
  readonly name: string
  readonly from: Topic<In>
  readonly to: Topic<Out>
  readonly also?: readonly Topic<unknown>[]
  readonly open?: () => Promise<void>
}

const stage = <In, Out>(
  { name, from, to, also = [], open = async () => {} }: Wiring<In, Out>,
  process: (messages: readonly Message<In>[], context: Context) => Outputs | Promise<Outputs>,
  state?: StateSettings<unknown>,
): Stage => ({ name, from, to, also, open, state, process: process as Stage['process'] })

/** One message in, messages out. Where the function is asynchronous, a batch's calls overlap. */
export function each<In, Out>(
  wiring: Wiring<In, Out>,
  work: (message: Message<In>, context: Context) => readonly Output<Out>[] | Promise<readonly Output<Out>[]>,
): Stage {
  return stage(wiring, (messages, context) => {
    const outputs: Output<Out>[] = []
    for (const [index, message] of messages.entries()) {
      const made = work(message, context)
      if (made instanceof Promise) return rest(outputs, made, messages.slice(index + 1), context)
      outputs.push(...made)
    }
    return outputs
  })

  async function rest(
    outputs: Output<Out>[],
    first: Promise<readonly Output<Out>[]>,
    others: readonly Message<In>[],
    context: Context,
  ): Promise<Outputs> {
    const made = await Promise.all([first, ...others.map((message) => work(message, context))])
    return [...outputs, ...made.flat()]
  }
}

/** A whole batch at once: for models and look-ups. */
export function batch<In, Out>(
  wiring: Wiring<In, Out>,
  work: (
    messages: readonly Message<In>[],
    context: Context,
  ) => readonly Output<Out>[] | Promise<readonly Output<Out>[]>,
): Stage {
  return stage(wiring, work)
}

/** State by key: `(state, message) → [state, outputs]`, in key order. The state is a value; JSON must hold it. */
export function keyed<S, In, Out>(
  wiring: Wiring<In, Out> & {
    readonly state: { readonly initial: () => S; readonly expireAfter?: Duration }
  },
  work: (state: S, message: Message<In>, context: Context) => readonly [S, readonly Output<Out>[]],
): Stage {
  const { initial, expireAfter } = wiring.state
  const settings = {
    initial,
    expireAfterMs: expireAfter === undefined ? undefined : milliseconds(expireAfter),
  }
  return stage(
    wiring,
    (messages, context) => {
      const outputs: Output<Out>[] = []
      for (const message of messages) {
        const before = context.states.get(message.key, message.timestamp) as S
        const [after, made] = work(before, message, context)
        // Unchanged state is touched all the same where it expires: what counts is the key's last message
        if (after !== before || expireAfter !== undefined)
          context.states.set(message.key, after, message.timestamp)
        outputs.push(...made)
      }
      return outputs
    },
    settings,
  )
}
