import type { Environment } from '../../embedded/environment.ts'
import { ConnectorError } from '../../errors.ts'
import type { Claim, Position } from '../log.ts'
import { nextOffset, type Records } from '../records.ts'
import { checkSizes, outputRoom } from '../sizes.ts'
import { maxRecordBytes } from './batch.ts'
import { checkHeld, moveTo } from './group.ts'
import type { Partition } from './membership.ts'
import { append, headOf } from './partitions.ts'

export interface Backlog {
  /** Where each partition that has records is to be read from. */
  readonly from: readonly Position[]
  readonly records: number
}

/** What waits behind the positions. Reads the partitions' ends only, never a record. */
export function backlogOf(environment: Environment, positions: readonly Position[]): Backlog {
  const from: Position[] = []
  let records = 0
  for (const { topic, partition, offset } of positions) {
    const { earliest, latest } = headOf(environment, topic, partition)
    const start = Math.max(earliest, offset)
    if (start >= latest) continue
    from.push({ topic, partition, offset: start })
    records += latest - start
  }
  return { from, records }
}

/** A claim in hand, and what ends it. */
export interface OpenClaim {
  readonly claim: Claim
  readonly partitions: readonly Partition[]
  /** Whatever the claim tries to write from now on fails with FENCED. */
  end(): void
  /** The same, and the claim's signal aborts. */
  abort(): void
}

/**
 * Opens the claim of a group's member.
 * @param partitions what the member holds, one a batch
 * @param committed called with the topics that the outputs have grown
 */
export function openClaim(
  environment: Environment,
  group: string,
  member: string,
  batches: readonly Records[],
  partitions: readonly Partition[],
  committed: (topics: Iterable<string>) => void,
): OpenClaim {
  const controller = new AbortController()
  let open = true

  /** Everything that a claim writes goes through here: one transaction, refused once the claim is lost. */
  function write(work: () => void): void {
    try {
      if (!open)
        throw new ConnectorError('FENCED', `the claim of group "${group}" is over; nothing was written`)
      environment.transaction(() => {
        checkHeld(environment, group, member, partitions)
        work()
      })
    } catch (cause) {
      if (cause instanceof ConnectorError && cause.code === 'FENCED') abort()
      throw cause
    }
  }

  const end = () => {
    open = false
  }

  function abort(): void {
    end()
    controller.abort()
  }

  const claim: Claim = {
    batches,
    signal: controller.signal,
    async commit(outputs, enlisted, metadata) {
      for (const records of outputs) checkSizes(records, maxRecordBytes + outputRoom)
      const after = batches.map(nextOffset)
      write(() => {
        append(environment, outputs)
        for (const [i, { topic, partition }] of partitions.entries())
          moveTo(environment, group, { topic, partition, offset: after[i] as number }, metadata?.[i])
        enlisted?.()
      })
      end()
      for (const [i, partition] of partitions.entries()) partition.offset = after[i] as number
      committed(new Set(outputs.map(({ topic }) => topic)))
    },
    async record(metadata) {
      write(() => {
        for (const [i, partition] of partitions.entries()) moveTo(environment, group, partition, metadata[i])
      })
    },
  }
  return { claim, partitions, end, abort }
}
