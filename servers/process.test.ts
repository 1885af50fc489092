import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { describeWith } from './describe.ts'
import { kafkaMissing } from './kafka.ts'
import { redisMissing } from './redis.ts'

const program = (file: string) => join(import.meta.dirname, '..', 'dist', 'servers', file)

/** What runs in the folder or names it in its command. Redis overwrites its command. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      try {
        return `${readlinkSync(`/proc/${name}/cwd`)} ${readFileSync(`/proc/${name}/cmdline`)}`
      } catch {
        return '' // gone since
      }
    })
    .filter((text) => text.includes(folder))
}

/** Runs the script in a process of its own, kills that once it has started its servers, and waits for their end. */
async function killWhoStarts(servers: number, script: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'murmur-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const parent = spawn(process.execPath, ['--input-type=module', '-e', `${script}; console.log('started')`], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void parent.kill('SIGKILL'))
  await once(parent.stdout, 'data')
  // Each server and its guard
  expect(processesOf(folder)).toHaveLength(2 * servers)
  parent.kill('SIGKILL')
  await expect.poll(() => processesOf(folder), { timeout: 5000 }).toEqual([])
}

describeWith(kafkaMissing, 'brokers of a process that is killed', () => {
  test('die with it', () =>
    killWhoStarts(1, `import { startKafka } from '${program('kafka.js')}'; await startKafka()`))
})

describeWith(redisMissing, 'Redis servers of a process that is killed', () => {
  test('die with it, those that are paused too', () =>
    killWhoStarts(
      5,
      `import { startRedis } from '${program('redis.js')}'
       const redis = await startRedis({ kind: 'sentinel' })
       redis.pause(0)`,
    ))
})
