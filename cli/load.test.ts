import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { Opened } from '../connectors/open.ts'
import { processed, utterances } from '../schemas/topics.ts'
import { type Child, drained, type Pipeline, until, valuesOf, workplace } from './fixture.ts'

/** What is told to stop, or is stopped, in the middle of its work. */
const count = 6000
const conversations = 60
const rows = (prefix: string): string =>
  Array.from(
    { length: count },
    (_, i) =>
      `${JSON.stringify({ id: `${prefix}${i}`, conversation: `${prefix}-${i % conversations}`, text: `note ${i}` })}\n`,
  ).join('')

/** Every id once, in order within its conversation, turns without gaps; and the same ids in the table. */
async function expectExact(place: ReturnType<typeof workplace>, prefix: string): Promise<void> {
  await place.open(async (opened) => {
    await drained(opened)
    const values = (await valuesOf(opened, processed)).filter(({ id }) => id.startsWith(prefix))
    expect(values).toHaveLength(count)
    for (let c = 0; c < conversations; c++) {
      const turns = values.filter(({ conversation }) => conversation === `${prefix}-${c}`)
      expect(turns.map(({ id, turn }) => [id, turn])).toEqual(
        turns.map((_, i) => [`${prefix}${c + i * conversations}`, i + 1]),
      )
    }
  })
  const sql = `SELECT uniqExact(id) AS ids, count() AS n FROM processed WHERE startsWith(id, '${prefix}')`
  expect(await place.json('query', sql)).toEqual([{ ids: count, n: count }])
}

const sizeOf = async ({ log }: Opened, topic: string): Promise<number> =>
  (await log.topics())
    .find(({ name }) => name === topic)
    ?.offsets.reduce((sum, { latest }) => sum + latest, 0) ?? 0

const place = workplace()
const { run, start, open, lay } = place
const processing = (more: number) =>
  until('utterances are processed', () =>
    open(async (opened) => (await sizeOf(opened, processed.name)) >= more),
  )

/** Stops a process; in the middle of a commit it holds the one lock on writing, and nobody can go on before it does. */
async function stopped(pid: number, opened: Opened): Promise<boolean> {
  process.kill(pid, 'SIGSTOP')
  const before = await sizeOf(opened, utterances.name)
  await sleep(200)
  if ((await sizeOf(opened, utterances.name)) > before) return true
  process.kill(pid, 'SIGCONT')
  return false
}

let pipeline: Pipeline
afterEach(() => pipeline.stop())

test('SIGTERM under load drains: exit code 0, and after a restart every id is there once', async () => {
  pipeline = await start()
  const file = lay('load.jsonl', rows('l'))
  const ingest = (): Child => run(['ingest', file, '--rate', '2000', '--json'])
  let ingesting = ingest()
  const accepted: string[] = []
  let posting = true
  const clients = [1, 2, 3].map(async (client) => {
    while (posting) {
      const ids = await post(pipeline.address, `client ${client}`).catch(() => [])
      accepted.push(...ids)
    }
  })
  for (const size of [1500, 3500]) {
    await processing(size)
    const { code, err } = await pipeline.stop()
    expect([code, err]).toEqual([0, expect.not.stringContaining('died')])
    pipeline = await start()
  }
  ingesting.kill('SIGTERM')
  expect((await ingesting.ended).code).toBeOneOf([0, 130])
  ingesting = ingest()
  expect((await ingesting.ended).code).toBe(0)
  posting = false
  await Promise.all(clients)
  await expectExact(place, 'l')
  const said = new Set((await open((opened) => valuesOf(opened, processed))).map(({ id }) => id))
  expect([accepted.length > 0, accepted.filter((id) => !said.has(id))]).toEqual([true, []])
}, 90_000)

test('a processor that was stopped past its lease changes nothing when it goes on', async () => {
  const two =
    'log: { lease: 2s }\nprocessors:\n  conversation: { stages: [cleaning, intent, context, plugins], instances: 2, maxRecords: 200 }\n  sink: { stages: [sink], linger: 100ms }\n'
  pipeline = await start(['--config', lay('two.yaml', two)])
  const ingesting = run(['ingest', lay('zombie.jsonl', rows('z')), '--rate', '3000', '--json'])
  const zombie = await pipeline.pidOf('conversation-1')
  await open(async (opened) => {
    const before = await sizeOf(opened, processed.name)
    await until('it works', async () => (await sizeOf(opened, processed.name)) > before + 1000)
    await until('it is stopped in its work, but not in a commit', () => stopped(zombie, opened))
    expect((await ingesting.ended).code).toBe(0)
    await drained(opened)
  }).finally(() => process.kill(zombie, 'SIGCONT'))
  await until('it works again', async () => {
    await post(pipeline.address, 'is anybody there?')
    const found = (await pipeline.health()).processors.find(({ instance }) => instance === 'conversation-1')
    return found?.pid === zombie && (found.state === 'running' || found.state === 'idle')
  })
  await expectExact(place, 'z')
  expect(pipeline.err()).not.toContain('died')
}, 90_000)

async function post(address: string, text: string): Promise<string[]> {
  const response = await fetch(`${address}/v1/utterances`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ conversation: text, channel: 'import', text }),
  })
  const { accepted = [] } = (await response.json()) as { accepted?: { id: string }[] }
  return accepted.map(({ id }) => id)
}
