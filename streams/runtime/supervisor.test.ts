import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { type Supervisor, supervise } from './supervisor.ts'

const folder = mkdtempSync(join(tmpdir(), 'murmur-supervisor-'))
let supervisor: Supervisor | undefined
afterEach(async () => {
  await supervisor?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs children from a script that sees its orders as `orders`, its processor's name as `name`, and may `report`. */
function run(script: string, instances = 1, silentAfterMs = 60_000) {
  const path = join(mkdtempSync(join(tmpdir(), 'murmur-child-')), 'child.mjs')
  writeFileSync(
    path,
    `import { writeFileSync } from 'node:fs'
     const name = process.argv[2], orders = JSON.parse(process.env.MURMUR_PROCESS)
     const report = (state, batches = 0, reason) => process.send({ name, instance: orders.instance, pid: process.pid, state, reason, counts: { batches } })
     ${script}`,
  )
  const exits: string[] = []
  supervisor = supervise({
    processors: [{ name: 'work', instances }],
    command: [process.execPath, path],
    folder: join(path, '..'),
    silentAfterMs,
    onExit: (instance, why) => exits.push(`${instance}: ${why}`),
  })
  return { supervisor, exits }
}
const first = () => supervisor?.health()[0]

test('every instance has a process of its own, whose health is known', async () => {
  const { supervisor } = run(`report('running', 1); setInterval(() => {}, 1000)`, 2)
  await vi.waitFor(
    () => expect(supervisor.health().map(({ state }) => state)).toEqual(['running', 'running']),
    5000,
  )
  expect(supervisor.health().map(({ instance }) => instance)).toEqual(['work-1', 'work-2'])
  expect(new Set(supervisor.health().map(({ pid }) => pid)).size).toBe(2)
})

test('a process that dies is started again', async () => {
  const { exits } = run(`report('running', 1); setInterval(() => {}, 1000)`)
  await vi.waitFor(() => expect(first()?.state).toBe('running'), 5000)
  const pid = first()?.pid as number
  process.kill(pid, 'SIGKILL')
  await vi.waitFor(() => expect(first()?.pid).not.toBe(pid), 5000)
  await vi.waitFor(() => expect(first()?.state).toBe('running'), 5000)
  expect(exits).toEqual(['work-1: killed by SIGKILL'])
})

test('a record that kills the process again and again is found, and refused from then on', async () => {
  run(`if (orders.deadly.includes('topic/0/7')) { report('running', 1, orders.deadly.join()); setInterval(() => {}, 1000) }
       else { if (orders.mark) writeFileSync(orders.mark, 'topic/0/7'); process.exit(139) }`)
  await vi.waitFor(() => expect(first()).toMatchObject({ state: 'running', reason: 'topic/0/7' }), {
    timeout: 20_000,
  })
})

test('a process that has stopped answering shows as stuck, and is killed in the end', async () => {
  const { exits } = run(`report('running'); while (true) {}`, 1, 1000)
  await vi.waitFor(() => expect(first()?.state).toBe('stuck'), 5000)
  await vi.waitFor(() => {
    first()
    expect(exits[0]).toBe('work-1: killed by SIGKILL')
  }, 5000)
})

test('stop asks the processes to finish, and waits for them', async () => {
  const { supervisor, exits } = run(
    `process.on('SIGTERM', () => setTimeout(() => process.exit(0), 200)); report('running', 1); setInterval(() => {}, 1000)`,
  )
  await vi.waitFor(() => expect(first()?.state).toBe('running'), 5000)
  const started = performance.now()
  await supervisor.stop()
  expect(performance.now() - started).toBeGreaterThan(150)
  expect(exits).toEqual([])
})
