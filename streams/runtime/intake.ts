import type { Fields } from '../../connectors/sources/source.ts'
import type { Topic } from '../../schemas/topic.ts'
import type { Origin } from '../message.ts'

/** How a processor takes what other programs write to one of its topics in shapes of their own. */
export interface Intake {
  readonly topic: Topic<unknown>
  /** Whether plain JSON objects are taken. */
  readonly json: boolean
  /** Whether records of Avro schemas that don't fit the topic's own are taken. */
  readonly avro: boolean
  /** The value that the fields of a record stand for; or, as a text, what is wrong with them: field, value, remedy. */
  accept(fields: Fields, origin: Origin): object | string
  /** Under which key a value belongs. What comes under another is written once more, under this one. */
  keyOf(value: unknown): string
  /** When a value happened, in milliseconds since the epoch. */
  timeOf(value: unknown): number
}
