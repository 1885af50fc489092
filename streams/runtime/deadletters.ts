import { createHash } from 'node:crypto'
import { keyAt, offsetAt, valueAt } from '../../connectors/log/records.ts'
import type { DeadLetter } from '../../schemas/generated/events.ts'
import { Message, type Rejection } from '../message.ts'

/** Longer reasons are cut: a reason is for a person to read. */
const maxReason = 2000

/** The dead letter of a refused message: its original bytes, where they came from, and why. */
export function deadLetter(
  { message, reason, code }: Rejection,
  stage: string,
  now: number,
): Message<DeadLetter> {
  const { records, index } = message.origin
  const { topic, partition } = records
  const offset = offsetAt(records, index)
  const key = keyAt(records, index)
  const id = createHash('sha1').update(`${topic}/${partition}/${offset}/${stage}`).digest('hex').slice(0, 20)
  const value: DeadLetter = {
    id,
    resolution: 'open',
    topic,
    partition,
    offset,
    key,
    value: valueAt(records, index),
    timestamp: records.timestamps[index] as number,
    stage,
    code,
    reason: reason.slice(0, maxReason),
    createdAt: now,
  }
  return new Message(key, value, now, message.origin)
}
