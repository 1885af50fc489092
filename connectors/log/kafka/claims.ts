import { ConnectorError } from '../../errors.ts'
import type { Claim, Committed } from '../log.ts'
import { nextOffset, type Records } from '../records.ts'
import type { Membership } from './membership.ts'
import type { HeldPartition } from './partition.ts'
import type { Offsets } from './transactions.ts'

/** What commits: transactions, or, where at least once is enough, writes and then positions. */
export interface Writer {
  readonly id: string
  open(): Promise<void>
  commit(batches: readonly Records[], offsets: Offsets | undefined): Promise<void>
  /** Closes its connections. */
  close(): void
}

export interface OpenClaim {
  readonly claim: Claim
  /** The claim was lost: what it covers must be taken over anew. */
  readonly lost: boolean
  /** Whatever the claim tries to write from now on fails with FENCED. */
  end(): void
  /** The same, and the claim's signal aborts. */
  abort(): void
}

/** Opens the claim of a group's member. @param partitions what the member holds, one a batch */
export function openClaim(
  group: string,
  membership: Membership,
  writer: Writer,
  batches: readonly Records[],
  partitions: readonly HeldPartition[],
): OpenClaim {
  const controller = new AbortController()
  let open = true

  async function write(outputs: readonly Records[], positions: readonly Committed[]): Promise<void> {
    if (!open)
      throw new ConnectorError('FENCED', `the claim of group "${group}" is over; nothing was written`)
    const { generation, member, instance } = membership
    try {
      await writer.commit(outputs, { group, generation, member, instance, positions })
    } catch (cause) {
      if (cause instanceof ConnectorError && cause.code === 'FENCED') abort()
      throw cause
    }
    for (const [i, position] of positions.entries()) partitions[i]?.moved(position)
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
      if (enlisted) throw new Error('a store inside the log can only be used with the embedded log')
      const after = batches.map(nextOffset)
      const positions = partitions.map(
        ({ topic, partition }, i): Committed => ({
          topic,
          partition,
          offset: (partitions[i] as HeldPartition).positionAfter(after[i] as number),
          metadata: metadata?.[i] || undefined,
        }),
      )
      await write(outputs, positions)
      end()
      for (const [i, partition] of partitions.entries()) partition.done(after[i] as number)
    },
    async record(metadata) {
      await write(
        [],
        partitions.map(({ topic, partition, committed: offset }, i) => ({
          topic,
          partition,
          offset,
          metadata: metadata[i] || undefined,
        })),
      )
    },
  }
  return {
    claim,
    get lost() {
      return controller.signal.aborted
    },
    end,
    abort,
  }
}
