import type { Membership } from './membership.ts'
import type { KafkaSettings } from './options.ts'

export interface HeartbeatParts {
  readonly membership: Membership
  /** The group is being joined: what a heartbeat says meanwhile is about the past. */
  joining(): boolean
  /** Told why the group did not take a sign of life. */
  missed(cause: unknown): void
  /** Told that there are more partitions than are shared out. */
  outgrown(): void
}

/**
 * Gives signs of life, also while the others wait for this member to finish its claim: they would take it for dead. The
 * one who shares the partitions out looks now and then whether there are more.
 * @returns ends it
 */
export function startHeartbeat(
  { membership, joining, missed, outgrown }: HeartbeatParts,
  { heartbeatMs, metadataMs }: Pick<KafkaSettings, 'heartbeatMs' | 'metadataMs'>,
): () => void {
  let beating = false

  async function beat(): Promise<void> {
    const { member, generation } = membership
    if (beating || member === '') return
    beating = true
    try {
      await membership.heartbeat()
    } catch (cause) {
      if (!joining() && member === membership.member && generation === membership.generation) missed(cause)
    } finally {
      beating = false
    }
  }

  async function look(): Promise<void> {
    if (!membership.leads || joining()) return
    const more = await membership.outgrown().catch(() => false)
    if (more && !joining()) outgrown()
  }

  const timers = [setInterval(() => void beat(), heartbeatMs), setInterval(() => void look(), metadataMs)]
  return () => {
    for (const timer of timers) clearInterval(timer)
  }
}
