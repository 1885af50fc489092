import type { Claim, Log, Producer } from './log/log.ts'
import type { Olap } from './olap/olap.ts'
import type { Store } from './store/store.ts'

/** Everything that writes, commits or takes over, and so must bear that its process ends around it. */
type Work =
  | 'producer.append'
  | 'store.claim'
  | 'store.load'
  | 'store.save'
  | 'log.record'
  | 'log.commit'
  | 'olap.insert'

/** Before anything of it is done, some milliseconds into it, or done and not yet answered. */
export type CrashPoint = `${Work}.${'before' | 'during' | 'after'}`

/** Most works take some milliseconds, and several requests. */
const duringMs = 6

type Pass = (point: CrashPoint) => void

/** @param orders a point, which pass of it and, unless it is SIGKILL, the signal, such as "log.commit.before:3" */
function passes(orders: string): Pass {
  const [fatal, count, signal = 'SIGKILL'] = orders.split(':')
  let left = Number(count)
  return (point) => {
    // Unlike process.exit, it lets nothing be flushed, closed or given back
    if (point === fatal && --left === 0) process.kill(process.pid, signal)
  }
}

/** Ends, or stops, this process where the variable `MURMUR_CRASH` says; undefined where it says nothing, as outside of tests. */
function deadlyPass(): Pass | undefined {
  const { MURMUR_CRASH: orders } = process.env
  return orders ? passes(orders) : undefined
}

async function around<T>(pass: Pass, work: Work, run: () => Promise<T>): Promise<T> {
  pass(`${work}.before`)
  const during = () => pass(`${work}.during`)
  // As soon as the first request is sent, which no work is too short for, and once more
  setImmediate(during)
  const timer = setTimeout(during, Math.random() * duringMs)
  try {
    const result = await run()
    pass(`${work}.after`)
    return result
  } finally {
    clearTimeout(timer)
  }
}

/** The log, deadly where it is ordered. */
export function crashingLog(log: Log, pass = deadlyPass()): Log {
  if (!pass) return log
  const claimed = ({ batches, signal, ...claim }: Claim): Claim => ({
    batches,
    signal,
    commit: (...given) => around(pass, 'log.commit', () => claim.commit(...given)),
    record: (...given) => around(pass, 'log.record', () => claim.record(...given)),
  })
  return {
    ...log,
    consume: (subscription) =>
      log.consume({ ...subscription, onClaim: (claim) => subscription.onClaim(claimed(claim)) }),
    async producer(id) {
      const producer = await log.producer(id)
      return {
        get position() {
          return producer.position
        },
        append: (...given) => around(pass, 'producer.append', () => producer.append(...given)),
        close: () => producer.close(),
      } satisfies Producer
    },
  }
}

/** The store, deadly where it is ordered. */
export function crashingStore(store: Store, pass = deadlyPass()): Store {
  if (!pass) return store
  return {
    claim: (...given) => around(pass, 'store.claim', () => store.claim(...given)),
    load: (...given) => around(pass, 'store.load', () => store.load(...given)),
    save: (...given) => around(pass, 'store.save', () => store.save(...given)),
    close: () => store.close(),
  }
}

/** The tables, deadly where it is ordered. */
export function crashingOlap(olap: Olap, pass = deadlyPass()): Olap {
  if (!pass) return olap
  return { ...olap, insert: (block) => around(pass, 'olap.insert', () => olap.insert(block)) }
}
