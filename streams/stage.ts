import { type Duration, milliseconds } from '../duration.ts'
import type { Topic } from '../schemas/topic.ts'
import type { StageVitals } from './health.ts'
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
 * Make one with `each`, `batch`, `keyed` or `partitioned`.
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
  /** Lets go of it, once, after the last one. */
  close(): Promise<void>
  /** What it tells of itself, whenever somebody asks. */
  vitals(): StageVitals
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

/** State by key, or by partition, as of the batch: what `set` leaves is committed with the batch's outputs, or not at all. */
export interface States {
  /** The state of the key, or the initial one where there is none or it had expired by `timestamp`. */
  get(key: string, timestamp: number): unknown
  set(key: string, state: unknown, timestamp: number): void
}

export interface StateSettings<S> {
  /** What has a state of its own: each key, or each partition of the input. */
  readonly scope: 'key' | 'partition'
  readonly initial: () => S
  /** The state is forgotten when the next message of its key, or partition, comes so much later; undefined: never. */
  readonly expireAfterMs: number | undefined
}

interface Wiring<In, Out> {
  readonly name: string
  readonly from: Topic<In>
  readonly to: Topic<Out>
  readonly also?: readonly Topic<unknown>[]
  readonly open?: () => Promise<void>
  readonly close?: () => Promise<void>
  readonly vitals?: () => StageVitals
}

const nothing: StageVitals = {}

const stage = <In, Out>(
  {
    name,
    from,
    to,
    also = [],
    open = async () => {},
    close = async () => {},
    vitals = () => nothing,
  }: Wiring<In, Out>,
  process: (messages: readonly Message<In>[], context: Context) => Outputs | Promise<Outputs>,
  state?: StateSettings<unknown>,
): Stage => ({
  name,
  from,
  to,
  also,
  open,
  close,
  vitals,
  state,
  process: process as Stage['process'],
})

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

interface Stateful<S, In, Out> extends Wiring<In, Out> {
  readonly state: { readonly initial: () => S; readonly expireAfter?: Duration }
}

type Step<S, In, Out> = (
  state: S,
  message: Message<In>,
  context: Context,
) => readonly [S, readonly Output<Out>[]]

/** State by key: `(state, message) → [state, outputs]`, in key order. The state is a value; JSON must hold it. */
export const keyed = <S, In, Out>(wiring: Stateful<S, In, Out>, work: Step<S, In, Out>): Stage =>
  stateful('key', wiring, work)

/**
 * State by partition of the input, over all its keys: for counts and windows that need no look at one key. Partitions
 * are worked on apart, so whoever reads what they give adds it up. Otherwise as `keyed`.
 */
export const partitioned = <S, In, Out>(wiring: Stateful<S, In, Out>, work: Step<S, In, Out>): Stage =>
  stateful('partition', wiring, work)

function stateful<S, In, Out>(
  scope: 'key' | 'partition',
  wiring: Stateful<S, In, Out>,
  work: Step<S, In, Out>,
): Stage {
  const { initial, expireAfter } = wiring.state
  const keyOf =
    scope === 'key'
      ? ({ key }: Message<In>) => key
      : ({ origin }: Message<In>) => String(origin.records.partition)
  const settings = {
    scope,
    initial,
    expireAfterMs: expireAfter === undefined ? undefined : milliseconds(expireAfter),
  }
  return stage(
    wiring,
    (messages, context) => {
      const outputs: Output<Out>[] = []
      for (const message of messages) {
        const key = keyOf(message)
        const before = context.states.get(key, message.timestamp) as S
        const [after, made] = work(before, message, context)
        // Unchanged state is touched all the same where it expires: what counts is the last message
        if (after !== before || expireAfter !== undefined) context.states.set(key, after, message.timestamp)
        outputs.push(...made)
      }
      return outputs
    },
    settings,
  )
}
