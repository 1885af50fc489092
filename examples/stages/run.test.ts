import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { run } from 'murmur/streams'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { examples } from './topology.ts'

let data: string
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'murmur-examples-'))
})
afterAll(() => rm(data, { recursive: true }))

async function murmur(args: readonly string[], input = ''): Promise<string> {
  const running = promisify(execFile)(process.execPath, ['dist/murmur.js', '--data', data, ...args])
  running.child.stdin?.end(input)
  return (await running).stdout
}

/** Runs the examples on the embedded log until they have read everything. */
async function runUntilIdle(records: number): Promise<void> {
  const running = await run(examples, { data })
  const read = () => running.health().find(({ name }) => name === 'shouting')?.counts?.in ?? 0
  while (read() < records) await sleep(20)
  await running.stop()
  await running.done
}

test('the same topology runs on the embedded log, and a second run goes on where the first one stopped', async () => {
  const map = ['--format', 'text', '--map', "conversation='c1'"]
  await murmur(['ingest', '-', ...map, '--name', 'morning'], 'hello\nis anyone there?\n')
  await runUntilIdle(2)
  await murmur(['ingest', '-', ...map, '--name', 'evening'], 'still waiting\n')
  await runUntilIdle(1)
  const lines = (await murmur(['tail', 'counted', '--from', 'earliest', '--no-follow', '--json'])).trim()
  expect(lines.split('\n').map((line) => JSON.parse(line).value)).toEqual([
    { text: 'HELLO', visits: 1 },
    { text: 'IS ANYONE THERE?', visits: 2 },
    { text: 'STILL WAITING', visits: 3 },
  ])
})
