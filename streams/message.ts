import type { Records } from '../connectors/log/records.ts'
import type { Topic } from '../schemas/topic.ts'

/** The record that a message was read from, or that the message it stems from was read from. */
export interface Origin {
  readonly records: Records
  readonly index: number
}

/** One event on its way through the stages. Immutable. */
export class Message<T> {
  constructor(
    /** Order holds, and state is kept, per key. */
    readonly key: string,
    readonly value: T,
    /** When it happened, in milliseconds since the epoch. */
    readonly timestamp: number,
    readonly origin: Origin,
    /** Where it is bound for; undefined: the stage's `to`. */
    readonly topic?: Topic<unknown>,
  ) {}

  /** The same event with another value. */
  as<U>(value: U): Message<U> {
    return new Message(this.key, value, this.timestamp, this.origin)
  }

  /** The same event with more, or other, fields. */
  with<P extends object>(patch: P): Message<Omit<T, keyof P> & P> {
    return this.as({ ...this.value, ...patch })
  }

  /** Another event, caused by this one, for a topic that the stage names under `to` or `also`; it may have another key. */
  to<U>(topic: Topic<U>, value: U, key = this.key): Routed {
    return new Message<unknown>(key, value, this.timestamp, this.origin, topic) as Routed
  }
}

export type Routed = Message<unknown> & { readonly topic: Topic<unknown> }

/** The data is at fault: the message goes to `deadletters` with its original bytes, the batch goes on. */
export class Rejection {
  constructor(
    readonly message: Message<unknown>,
    readonly reason: string,
    readonly code: string,
  ) {}
}

/**
 * Refuses a message. Return it where an output would stand.
 * @param reason what is wrong, with the field, its value and the remedy
 * @param code the kind of fault, in capitals, for machines
 */
export const reject = (message: Message<unknown>, reason: string, code = 'REJECTED'): Rejection =>
  new Rejection(message, reason, code)
