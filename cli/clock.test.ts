import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Processed } from '../schemas/generated/events.ts'
import { processed } from '../schemas/topics.ts'
import { drained, until, valuesOf, workplace } from './fixture.ts'
import { jumpingClock } from './jumping-clock.ts'

/** The wall clock of every process jumps, forward and back by an hour, while utterances come in. */
const { run, start, open, lay, json } = workplace()

test('jumps of the clock cost no utterance, no order and no process', async () => {
  const count = 4000
  const conversations = 40
  const file = lay(
    'rows.jsonl',
    Array.from(
      { length: count },
      (_, i) =>
        `${JSON.stringify({ id: `u${i}`, conversation: `c${i % conversations}`, text: `note ${i}` })}\n`,
    ).join(''),
  )
  const env = { NODE_OPTIONS: `--import ${lay('clock.mjs', jumpingClock)}` }
  const pipeline = await start(['--config', lay('lease.yaml', 'log: { lease: 2s }\n')], { env })
  const pids = async () => (await pipeline.health()).processors.map(({ pid }) => pid as number)
  const before = await pids()
  const ingest = run(['ingest', file, '--rate', '1000', '--wait', '--json'], { env })
  for (let jump = 1; jump <= 3; jump++) {
    await until('more has come in', async () => {
      const found =
        (await open(({ log }) => log.topics())).find(({ name }) => name === 'utterances')?.offsets ?? []
      return found.reduce((sum, { latest }) => sum + latest, 0) > jump * 1000
    })
    for (const pid of [pipeline.pid, ingest.pid, ...(await pids())]) process.kill(pid, 'SIGUSR2')
    await sleep(500)
  }
  expect(await ingest.ended).toMatchObject({ code: 0, out: expect.stringContaining(`"written":${count}`) })
  await open(async (opened) => {
    await drained(opened)
    const values = await valuesOf(opened, processed)
    expect(values).toHaveLength(count)
    for (let c = 0; c < conversations; c++) {
      const turns = values.filter(({ conversation }) => conversation === `c${c}`)
      expect(turns.map(({ id, turn }: Processed) => [id, turn])).toEqual(
        Array.from({ length: count / conversations }, (_, i) => [`u${c + i * conversations}`, i + 1]),
      )
    }
  })
  expect(await json('query', 'SELECT uniqExact(id) AS ids, count() AS n FROM processed')).toEqual([
    { ids: count, n: count },
  ])
  expect([(await pipeline.health()).ready, await pids(), pipeline.err()]).toEqual([
    true,
    before,
    expect.not.stringContaining('died'),
  ])
  expect((await pipeline.stop()).code).toBe(0)
})
