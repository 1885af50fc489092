import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Log } from '../../log/log.ts'
import { RecordsBuilder, valueAt } from '../../log/records.ts'
import type { Entry, Store, Version } from '../store.ts'

interface Lent {
  readonly store: Store
  readonly log: Log
  readonly schedules: number
  commit(writes: () => void): void
}

/** An input record: a key and a number. The state of a key is the list of its numbers so far. */
type Input = readonly [key: string, number: number]

/**
 * The two-version protocol over the real drivers: owners crash, zombies wake up, writes land in part; what is
 * committed must equal the outputs of an undisturbed run. A producer of the log stands for the transaction
 * over outputs and input offset, as a Kafka consumer would use one.
 */
export function protocolContract(lend: () => Lent): void {
  test('state and outputs agree after any schedule of crashes, zombies and partial writes', async () => {
    const { schedules, log } = lend()
    const topic = `protocol-${randomUUID()}`
    const retention = { retentionMs: Number.MAX_SAFE_INTEGER, retentionBytes: Number.MAX_SAFE_INTEGER }
    await log.createTopics([{ name: topic, partitions: 1, ...retention }])
    const first = Math.floor(Math.random() * 2 ** 31)
    for (let seed = first; seed < first + schedules; seed++) {
      const { outputs, inputs } = await runSchedule(lend(), topic, seed)
      expect(outputs, `schedule of seed ${seed}`).toEqual(undisturbed(inputs))
    }
  })
}

function undisturbed(inputs: readonly Input[]): string[] {
  const states = new Map<string, number[]>()
  return inputs.map(([key, number]) => {
    const state = [...(states.get(key) ?? []), number]
    states.set(key, state)
    return `${key}:${state}`
  })
}

async function runSchedule(lent: Lent, topic: string, seed: number) {
  const random = mulberry32(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  const inputs: Input[] = Array.from({ length: 4 + below(12) }, (_, i) => [`key ${below(4)}`, i])
  const scope = { group: `schedule-${seed}-${randomUUID()}`, topic, partition: 0 }
  const start = (await lent.log.topics()).find(({ name }) => name === topic)?.offsets[0]?.latest as number
  let committed = 0
  let alive: AsyncGenerator<void>[] = []

  /** Every yield is a point where the owner may stop, for a while or for ever. */
  async function* owner(): AsyncGenerator<void> {
    const fence = await lent.store.claim(scope, 1)
    yield
    const producer = await lent.log.producer(scope.group)
    yield
    for (let offset = Number(producer.position ?? 0); offset < inputs.length; ) {
      const batch = inputs.slice(offset, offset + 1 + below(5))
      const end = offset + batch.length
      const keys = [...new Set(batch.map(([key]) => key))]
      const loaded = await lent.store.load(fence, offset, keys)
      yield
      const { outputs, entries } = compute(batch, end - 1, keys, loaded)
      const enlisted: (() => void)[] = []
      for (let i = 0; i < entries.length; i += 2) {
        yield
        const writes = await lent.store.save(fence, entries.slice(i, i + 2))
        if (writes) enlisted.push(writes)
      }
      yield
      // A store beside the log writes in the log's transaction: here, as if it were torn, one after the other.
      for (const writes of enlisted) lent.commit(writes)
      yield
      const builder = new RecordsBuilder(topic, 0)
      for (const output of outputs) builder.add('', Buffer.from(output), 0)
      await producer.append([builder.take()], String(end))
      offset = end
      committed = Math.max(committed, end)
      yield
    }
  }

  for (let steps = 0; committed < inputs.length; steps++) {
    if (steps > 20_000) throw new Error(`the schedule of seed ${seed} doesn't end`)
    const chance = random()
    if (chance < 0.01 || alive.length === 0) alive = [owner()]
    else if (chance < 0.04) alive.push(owner())
    else if (chance < 0.06) alive.pop()
    const turn = alive.length === 0 ? undefined : random() < 0.6 ? alive.at(-1) : alive[below(alive.length)]
    const stopped = await turn?.next().catch(fencedOnly)
    if (stopped?.done) alive = alive.filter((one) => one !== turn)
  }
  return { inputs, outputs: await outputsSince(lent.log, topic, start) }
}

function compute(batch: readonly Input[], last: number, keys: readonly string[], loaded: readonly Version[]) {
  const states = new Map(keys.map((key, i) => [key, numbersOf(loaded[i]?.value)]))
  const outputs = batch.map(([key, number]) => {
    const state = [...(states.get(key) ?? []), number]
    states.set(key, state)
    return `${key}:${state}`
  })
  const entries = keys.map(
    (key, i): Entry => ({
      key,
      next: { offset: last, value: Buffer.from(JSON.stringify(states.get(key))) },
      previous: loaded[i] as Version,
      expireAfterMs: undefined,
    }),
  )
  return { outputs, entries }
}

const numbersOf = (value: Uint8Array | undefined): number[] =>
  value ? JSON.parse(Buffer.from(value).toString()) : []

async function outputsSince(log: Log, topic: string, start: number): Promise<string[]> {
  const outputs: string[] = []
  for (let offset = start; ; ) {
    const records = await log.read(topic, 0, offset, 1_000_000)
    if (!records) return outputs
    for (let i = 0; i < records.count; i++) outputs.push(valueAt(records, i).toString())
    offset += records.count
  }
}

function fencedOnly(cause: unknown): { done: true } {
  if ((cause as { code?: string }).code !== 'FENCED') throw cause
  return { done: true }
}

/** A small generator with a seed: Tommy Ettinger's Mulberry32. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
