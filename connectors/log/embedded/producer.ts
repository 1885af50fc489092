import type { Environment } from '../../embedded/environment.ts'
import { ConnectorError } from '../../errors.ts'
import type { Producer } from '../log.ts'
import type { Records } from '../records.ts'
import { checkSizes } from '../sizes.ts'
import { maxRecordBytes } from './batch.ts'
import { append, headOf } from './partitions.ts'

interface Registration {
  readonly epoch: number
  readonly position?: string | undefined
}

interface Waiting {
  readonly batches: readonly Records[]
  readonly position: string | undefined
  readonly resolve: () => void
  readonly reject: (cause: unknown) => void
}

/**
 * Appends that arrive in one turn of the event loop share a transaction, and so its two flushes to the disk.
 * @param appended called with the topics that have grown
 */
export function openProducer(
  environment: Environment,
  id: string,
  appended: (topics: Iterable<string>) => void,
): Producer {
  const key = ['producer', id]
  let registration = environment.transaction(() => {
    const former = environment.meta.get(key) as Registration | undefined
    const mine: Registration = { epoch: (former?.epoch ?? 0) + 1, position: former?.position }
    environment.meta.putSync(key, mine)
    return mine
  })
  let waiting: Waiting[] = []
  let closed = false

  function flush(): void {
    const group = waiting
    waiting = []
    if (group.length === 0) return
    try {
      registration = environment.transaction(() => write(group))
    } catch (cause) {
      for (const { reject } of group) reject(cause)
      return
    }
    appended(new Set(group.flatMap(({ batches }) => batches.map((records) => records.topic))))
    for (const { resolve } of group) resolve()
  }

  function write(group: readonly Waiting[]): Registration {
    const { epoch, position } = environment.meta.get(key) as Registration
    if (epoch !== registration.epoch)
      throw new ConnectorError('FENCED', `another producer has taken over the id "${id}"`)
    append(
      environment,
      group.flatMap(({ batches }) => batches),
    )
    const last = group.findLast((one) => one.position !== undefined)?.position ?? position
    const next: Registration = { epoch, position: last }
    if (last !== position) environment.meta.putSync(key, next)
    return next
  }

  return {
    get position() {
      return registration.position
    },
    async append(batches, position) {
      if (closed) throw new ConnectorError('UNAVAILABLE', `the producer "${id}" is closed`)
      environment.refresh()
      // Checked here, so that one bad append doesn't fail those that share its transaction.
      for (const records of batches) {
        checkSizes(records, maxRecordBytes)
        headOf(environment, records.topic, records.partition)
      }
      await new Promise<void>((resolve, reject) => {
        if (waiting.push({ batches, position, resolve, reject }) === 1) setImmediate(flush)
      })
    },
    async close() {
      closed = true
      flush()
    },
  }
}
