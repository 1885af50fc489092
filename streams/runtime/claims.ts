import { ConnectorError } from '../../connectors/errors.ts'
import type { Claim } from '../../connectors/log/log.ts'
import { nextOffset, offsetAt, type Records } from '../../connectors/log/records.ts'
import { settled } from '../../connectors/settled.ts'
import { type Message, Rejection } from '../message.ts'
import type { Decoder } from './decoder.ts'
import type { Encoder } from './encoder.ts'
import { type Execution, type ExecutionSettings, execute, recordId } from './execution.ts'
import { FloodError, type FloodGuard } from './flood.ts'
import type { Meter } from './meter.ts'
import { findPoison } from './poison.ts'
import { type Backoff, delayBefore, pause } from './retry.ts'
import type { KeyedStates } from './states.ts'

type Item = Message<unknown> | Rejection

export interface ClaimParts {
  readonly execution: ExecutionSettings
  readonly decoders: ReadonlyMap<string, Decoder>
  readonly encoder: Encoder
  readonly states: KeyedStates
  readonly flood: FloodGuard
  readonly meter: Meter
  readonly backoff: Backoff
  readonly poisonAfter: number
  /** By record id, why a record is refused unseen. */
  readonly deadly: ReadonlyMap<string, string>
  /** By partition, the offset from which on records are passed over. */
  readonly until: ReadonlyMap<number, number>
  readonly stopping: AbortSignal
}

/** Takes claims through the stages to their commit: tries again, bisects, refuses, gives up. */
export class ClaimWorker {
  constructor(private readonly parts: ClaimParts) {}

  /**
   * Tries a claim until it is committed, lost, or the processor stops.
   * @throws FloodError: the processor must stop; FENCED: what the claim covers must be taken over anew
   */
  async work(claim: Claim): Promise<void> {
    const { meter, states, encoder, stopping, backoff, poisonAfter } = this.parts
    const end = AbortSignal.any([stopping, claim.signal])
    let poison = this.parts.deadly
    meter.begin()
    for (let attempt = 1; ; attempt++) {
      try {
        const items = await this.#prepare(claim.batches)
        await this.#commit(claim, await execute(this.parts.execution, items, poison))
        return meter.state('running')
      } catch (error) {
        encoder.reset()
        states.reset()
        if (error instanceof FloodError) throw error
        const fenced = error instanceof ConnectorError && error.code === 'FENCED'
        if (!fenced) meter.state('retrying', (error as Error).message)
        if (fenced || !(await pause(delayBefore(attempt, backoff), end))) {
          meter.givenUp()
          states.done()
          if (fenced) throw error
          return
        }
        if (!(error instanceof ConnectorError) && attempt % poisonAfter === 0) {
          poison = new Map([...poison, ...(await this.#suspects(claim, poison))])
        }
      }
    }
  }

  /** Decodes the batches and brings the states of their keys into memory. */
  async #prepare(batches: readonly Records[]): Promise<Item[]> {
    const { decoders, states, until } = this.parts
    const items: Item[] = []
    const loads: Promise<void>[] = []
    for (const batch of batches) {
      const wanted = before(batch, until.get(batch.partition) ?? Number.POSITIVE_INFINITY)
      const decoded = await (decoders.get(batch.topic) as Decoder).decode(wanted)
      loads.push(states.load(batch.partition, keysOf(decoded)))
      for (const item of decoded) items.push(item)
    }
    await settled(loads)
    return items
  }

  async #commit(claim: Claim, { outputs, total, refused }: Execution): Promise<void> {
    const { encoder, states, flood, meter } = this.parts
    flood.check(performance.now(), total, refused.length, refused.at(-1)?.rejection.reason ?? '')
    const records = encoder.encode(outputs)
    const ends = new Map(claim.batches.map((batch) => [batch.partition, nextOffset(batch)]))
    await claim.commit(records, await states.save(ends))
    states.committed(ends)
    flood.count(performance.now(), total, refused.length)
    meter.done(claim.batches, records, refused.length)
  }

  /** The messages that make a stage throw, each with the reason for which it is refused. */
  async #suspects(claim: Claim, known: ReadonlyMap<string, string>): Promise<Map<string, string>> {
    const { execution, states } = this.parts
    const items = (await this.#prepare(claim.batches)).filter(
      (item): item is Message<unknown> => !(item instanceof Rejection) && !known.has(idOf(item)),
    )
    const found = await findPoison(items, async (part) => {
      states.reset()
      try {
        await execute(execution, part)
        return undefined
      } catch (error) {
        return error
      }
    })
    states.reset()
    const reasons = new Map<string, string>()
    for (const [item, error] of found) {
      reasons.set(
        idOf(item),
        `a stage throws on this message, whichever others it comes with: ${(error as Error).message}; mend the stage, then redrive`,
      )
    }
    return reasons
  }
}

/** The records of a batch whose offsets lie before the end. */
function before(batch: Records, end: number): Records {
  let { count } = batch
  while (count > 0 && offsetAt(batch, count - 1) >= end) count--
  return count === batch.count ? batch : { ...batch, count }
}

const idOf = ({ origin }: Message<unknown>): string => recordId(origin.records, origin.index)

function keysOf(items: readonly Item[]): Set<string> {
  const keys = new Set<string>()
  for (const item of items) if (!(item instanceof Rejection) && !item.topic) keys.add(item.key)
  return keys
}
