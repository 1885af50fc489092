import { keyAt, offsetAt } from '../../connectors/log/records.ts'
import type { Utterance } from '../../schemas/generated/events.ts'
import { utterances } from '../../schemas/topics.ts'
import type { Intake } from '../runtime/intake.ts'
import { compileMapping } from './mapping.ts'

export interface IntakeOptions {
  /** Which values of other programs are taken; Murmur's own Avro always is. */
  readonly format: 'auto' | 'avro' | 'json'
  /** Pairs of the mapping: see `compileMapping`. */
  readonly map: readonly string[]
}

/**
 * Takes what other programs write to `utterances`. What a record doesn't say comes from where it lies: its id from
 * its partition and offset, the same whenever it is read; its conversation from its key; its time from the record's.
 * @throws SOURCE_INVALID where a pair can't be understood
 */
export function utteranceIntake({ format, map }: IntakeOptions): Intake {
  const mapping = compileMapping(map, { source: `topic:${utterances.name}`, option: 'input.map' })
  return {
    topic: utterances,
    json: format !== 'avro',
    avro: format !== 'json',
    accept(fields, { records, index }) {
      const at = `${records.partition}/${offsetAt(records, index)}`
      const occurredAt = records.timestamps[index] as number
      const made = mapping.utteranceOf({ at, fields }, { occurredAt, conversation: keyAt(records, index) })
      return typeof made === 'string' ? `${made} (the mapping is input.map)` : made
    },
    keyOf: (value) => (value as Utterance).conversation,
    timeOf: (value) => (value as Utterance).occurredAt,
  }
}
