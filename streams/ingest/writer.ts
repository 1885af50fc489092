import { ConnectorError } from '../../connectors/errors.ts'
import type { Log } from '../../connectors/log/log.ts'
import type { Records } from '../../connectors/log/records.ts'
import { type Backoff, defaultBackoff, delayBefore, pause } from '../runtime/retry.ts'

/** Appends to the log together with the source's position, and again while the log is at fault. */
export interface Writer {
  /** Where the source is to be read on. */
  readonly position: string | undefined
  /** Resolves with true once it is durable; with false when the signal aborted before that. @throws ConnectorError */
  append(batches: readonly Records[], position: string): Promise<boolean>
  close(): Promise<void>
}

export interface WriterOptions {
  readonly log: Log
  readonly id: string
  readonly signal: AbortSignal
  readonly onRetry: (reason: string) => void
  readonly backoff?: Backoff | undefined
}

/** Opens the log's producer of this id; whoever writes under it is fenced from now on. */
export async function openWriter({
  log,
  id,
  signal,
  onRetry,
  backoff = defaultBackoff,
}: WriterOptions): Promise<Writer> {
  let producer = await log.producer(id)

  /** A failed append may have come through: the log's own position tells. */
  async function isThere(before: string | undefined, position: string): Promise<boolean> {
    await producer.close()
    producer = await log.producer(id)
    if (producer.position === position) return true
    if (producer.position === before) return false
    throw new ConnectorError('FENCED', `another ingest writes as "${id}"; let one of the two run`)
  }

  return {
    get position() {
      return producer.position
    },
    async append(batches, position) {
      const before = producer.position
      for (let attempt = 1; ; attempt++) {
        try {
          if (attempt > 1 && (await isThere(before, position))) return true
          await producer.append(batches, position)
          return true
        } catch (error) {
          if (!(error instanceof ConnectorError && error.retryable)) throw error
          onRetry(error.message)
          if (!(await pause(delayBefore(attempt, backoff), signal))) return false
        }
      }
    },
    close: () => producer.close(),
  }
}
