import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { topic } from '../../schemas/topic.ts'
import { keyed } from '../stage.ts'
import { run } from './run.ts'
import { topology } from './topology.ts'

const data = mkdtempSync(join(tmpdir(), 'murmur-run-'))
afterAll(() => rmSync(data, { recursive: true }))

interface Line {
  readonly text: string
}
const text = { name: 'text', type: 'string' }
const lines = topic<Line>('lines', { type: 'record', name: 'Line', fields: [text] })
const counted = topic<Line & { readonly n: number }>('counted', {
  type: 'record',
  name: 'Counted',
  fields: [text, { name: 'n', type: 'int' }],
})
const seen: string[] = []
const count = keyed(
  { name: 'count', from: lines, to: counted, state: { initial: () => 0 } },
  (n, message) => {
    seen.push(`${message.key} ${n + 1} ${message.value.text}`)
    return [n + 1, [message.with({ n: n + 1 })]]
  },
)
const counting = topology([{ name: 'counting', stages: [count] }])

test('a topology takes events that are sent to it, and goes on after a restart', async () => {
  for (const [round, words] of [['a', 'b'], ['c']].entries()) {
    const running = await run(counting, { data, processor: { lingerMs: 0 } })
    for (const word of words) await running.send(lines, 'ann', { text: word })
    await vi.waitFor(() => expect(running.health()[0]?.counts?.in).toBe(words.length), 10_000)
    await running.stop()
    await running.done
    expect(seen).toHaveLength(round === 0 ? 2 : 3)
  }
  expect(seen).toEqual(['ann 1 a', 'ann 2 b', 'ann 3 c'])
})

test('what is no event of the topic is refused at once, with the field', async () => {
  const running = await run(counting, { data })
  await expect(running.send(lines, 'ann', { text: 1 } as never)).rejects.toThrow(
    'this is no "lines" event: field "text"',
  )
  await running.stop()
})

test('a folder that can not be opened is said at once', async () => {
  await expect(run(counting, { data: '/dev/null/x' })).rejects.toThrow()
})
