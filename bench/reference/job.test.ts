import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openEnvironment } from '../../connectors/embedded/environment.ts'
import { embeddedLog } from '../../connectors/log/embedded.ts'
import type { Log } from '../../connectors/log/log.ts'
import { partitionOf } from '../../connectors/log/partition.ts'
import { keyAt, nextOffset, RecordsBuilder, valueAt } from '../../connectors/log/records.ts'
import { packageRoot } from '../../schemas/root.ts'

// The job runs as the benchmark runs it, as a process of its own, and every output is compared with what this file
// computes without any of the job's code.

const partitions = 8
const count = 2000
const conversations = 40
/** As people type, blank ones too; and what is to become of them. */
const said: readonly (readonly [text: string, clean: string, intent: string])[] = [
  ['  I want to   CANCEL my order ', 'i want to cancel my order', 'cancel'],
  ['Where is my ＲＥＦＵＮＤ?\tStill waiting', 'where is my refund? still waiting', 'refund'],
  ['You charged\u00a0my card twice, cancel it', 'you charged my card twice, cancel it', 'cancel'],
  ['ok', 'ok', 'other'],
  [' \t ', '', ''],
  ['Thank you  so much', 'thank you so much', 'praise'],
  ['Is there a store in Zürich?', 'is there a store in zürich?', 'other'],
]

const inputs = Array.from({ length: count }, (_, id) => ({
  id,
  cid: `c${(id * 7) % conversations}`,
  ts: 1.76e12 + id * 40,
  text: (said[(id * 3 + (id % 11)) % said.length] as (typeof said)[number])[0],
}))

let folder: string
let log: Log
let close: () => Promise<void>
const children: ChildProcess[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'murmur-reference-'))
  const environment = openEnvironment(folder)
  log = embeddedLog(environment)
  close = async () => {
    await log.close()
    await environment.close()
  }
  await log.createTopics(
    ['in', 'out', 'counts'].map((name) => ({ name, partitions, retentionMs: 1e12, retentionBytes: 1e12 })),
  )
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await close()
  rmSync(folder, { recursive: true, maxRetries: 10, retryDelay: 100 })
})

function start(): ChildProcess {
  const child = spawn(process.execPath, [join(packageRoot(), 'dist', 'bench', 'reference', 'main.js')], {
    env: {
      ...process.env,
      DATA: folder,
      IN: 'in',
      OUT: 'out',
      CNT: 'counts',
      GROUP: 'job',
      BOOT: '',
      REDIS: '',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  children.push(child)
  return child
}

async function produce(rows: typeof inputs): Promise<void> {
  const builders = Array.from({ length: partitions }, (_, partition) => new RecordsBuilder('in', partition))
  for (const row of rows)
    builders[partitionOf(row.cid, partitions)]?.add(row.cid, Buffer.from(JSON.stringify(row)), row.ts)
  const producer = await log.producer('test')
  await producer.append(builders.filter(({ count }) => count > 0).map((builder) => builder.take()))
  await producer.close()
}

/** What is on a topic, partition after partition. */
async function read(topic: string): Promise<{ key: string; value: unknown }[]> {
  const found: { key: string; value: unknown }[] = []
  for (let partition = 0; partition < partitions; partition++) {
    let records = await log.read(topic, partition, 0, 1 << 20)
    while (records) {
      for (let index = 0; index < records.count; index++)
        found.push({ key: keyAt(records, index), value: JSON.parse(valueAt(records, index).toString()) })
      records = await log.read(topic, partition, nextOffset(records), 1 << 20)
    }
  }
  return found
}

/** What the job must give, by the plainest way to compute it. */
function expected() {
  const texts = new Map<string, string[]>()
  const outputs = new Map<string, object[]>()
  const windows = new Map<string, number>()
  const newest = new Map<number, number>()
  for (const { id, cid, ts, text } of inputs) {
    const [, clean, intent] = said.find(([raw]) => raw === text) as (typeof said)[number]
    if (clean === '') continue
    const all = [...(texts.get(cid) ?? []), clean]
    texts.set(cid, all)
    outputs.set(cid, [...(outputs.get(cid) ?? []), { id, cid, ts, text: clean, intent, ctx: all.slice(-5) }])
    const partition = partitionOf(cid, partitions)
    const window = Math.floor(ts / 10_000)
    newest.set(partition, window)
    const name = `${partition} ${window} ${intent}`
    windows.set(name, (windows.get(name) ?? 0) + 1)
  }
  /** A window is told when a later one of its partition begins. */
  const counts = [...windows].flatMap(([name, times]) => {
    const [partition, window, intent] = name.split(' ')
    return Number(window) < (newest.get(Number(partition)) as number) ? [`${intent} ${times}`] : []
  })
  return { outputs, counts: counts.sort(), total: [...outputs.values()].flat().length }
}

test('every output and every count is right, though the process was killed in the middle of its work', async () => {
  const { outputs, counts, total } = expected()
  const written = (most: number) =>
    vi.waitFor(async () => expect((await read('out')).length).toBeGreaterThanOrEqual(most), {
      timeout: 20_000,
      interval: 5,
    })
  const first = start()
  await produce(inputs.slice(0, 600))
  await written(1)
  await produce(inputs.slice(600, 1500))
  first.kill('SIGKILL')
  await once(first, 'exit')
  const second = start()
  await produce(inputs.slice(1500))
  await written(total)
  second.kill('SIGTERM')
  expect(await once(second, 'exit')).toEqual([0, null])

  const found = new Map<string, unknown[]>()
  for (const { key, value } of await read('out')) found.set(key, [...(found.get(key) ?? []), value])
  expect(found).toEqual(outputs)
  expect((await read('counts')).map(({ key, value }) => `${key} ${value}`).sort()).toEqual(counts)
})
