import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Processed, Reply } from '../schemas/generated/events.ts'
import { topic } from '../schemas/topic.ts'
import { processed, replies, topics, utterances } from '../schemas/topics.ts'
import { type Pipeline, until, valuesOf, workplace } from './fixture.ts'

/** Replays of what a pipeline has processed, while that pipeline runs. */
const { run, murmur, json, start, open, lay } = workplace()
let pipeline: Pipeline
beforeAll(async () => {
  pipeline = await start()
  await json('ingest', lay('january.jsonl', talk('january', january)), '--wait')
  await json('ingest', lay('march.jsonl', talk('march', march)), '--wait')
})
afterAll(() => pipeline.stop())

const january = Date.UTC(2026, 0, 1)
const march = Date.UTC(2026, 2, 1)

/** Conversations of two channels: on `chat` every question is answered. */
const talk = (prefix: string, from: number) =>
  Array.from({ length: 400 }, (_, i) => {
    const chat = i % 4 === 0
    const line = {
      id: `${prefix}-${i}`,
      conversation: `${prefix}-${chat ? 'chat' : 'import'}-${i % 12}`,
      channel: chat ? 'chat' : 'import',
      text: chat ? 'Where is my order? It has not arrived.' : `note ${i}`,
      occurredAt: from + i * 1000,
    }
    return `${JSON.stringify(line)}\n`
  }).join('')

/** The product's topic under the name that a replay gives it. */
const shadow = <T>(into: string, name: string): Promise<T[]> =>
  open((opened) => {
    const { codec } = topics.find((one) => one.name === name) as (typeof topics)[number]
    return valuesOf(opened, topic<T>(`${into}.${name}`, codec.schema))
  })

/** Everything that a replay must leave alone. */
const world = async () => ({
  sizes: await open(async ({ log }) =>
    (await log.topics())
      .filter(({ name }) => topics.some((one) => one.name === name))
      .map(({ name, offsets }) => [name, offsets.map(({ latest }) => latest)]),
  ),
  rows: await json('query', 'SELECT count() AS n, (SELECT count() FROM replies) AS replies FROM processed'),
})

const said = () => open((opened) => valuesOf(opened, processed))

test('a whole replay makes the same events again, in order and with the same contexts, beside the first', async () => {
  const before = await world()
  const { records, topics } = await json<{ records: number; topics: string[] }>('replay', '--into', 'again')
  const original = await said()
  expect(records).toBe((await open((opened) => valuesOf(opened, utterances))).length)
  expect(topics).toEqual(expect.arrayContaining(['again.processed', 'again.replies', 'again.deadletters']))
  expect(await shadow<Processed>('again', 'processed')).toEqual(
    original.map((one) => ({ ...one, processedAt: expect.any(Number) })),
  )
  const answers = await open((opened) => valuesOf(opened, replies))
  const repliesAgain = await shadow<Reply>('again', 'replies')
  expect(repliesAgain.map(({ id }) => id)).toEqual(answers.map(({ id }) => id))
  expect(await world()).toEqual(before)
})

test('a replay from a time on begins where that was said', async () => {
  await json('replay', '--into', 'spring', '--from', '2026-03-01T00:00:00Z')
  const spring = (await said()).filter(({ conversation }) => conversation.startsWith('march'))
  expect((await shadow<Processed>('spring', 'processed')).map(contextOf)).toEqual(spring.map(contextOf))
})

test('a replay between offsets takes the same range of every partition', async () => {
  const { records } = await json<{ records: number }>(
    'replay',
    '--into',
    'part',
    '--from',
    '10',
    '--to',
    '30',
  )
  const ranges = await open(async (opened) => {
    const { offsets = [] } = (await opened.log.topics()).find(({ name }) => name === 'utterances') ?? {}
    return offsets.map(({ latest }) => Math.max(0, Math.min(30, latest) - 10))
  })
  expect(records).toBe(ranges.reduce((sum, count) => sum + count, 0))
  const ids = new Set((await said()).map(({ id }) => id))
  const part = await shadow<Processed>('part', 'processed')
  expect(part).toHaveLength(records)
  expect(part.filter(({ id }) => !ids.has(id))).toEqual([])
})

test('a name that holds a replay already is refused', async () => {
  expect(await murmur('replay', '--into', 'again')).toMatchObject({
    code: 1,
    err: expect.stringContaining('holds an earlier replay; choose another name with --into'),
  })
})

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'a replay that %s interrupts goes on under the same name',
  async (signal) => {
    const into = `after-${signal.toLowerCase()}`
    const slow = lay(
      'slow.yaml',
      'processors:\n  conversation:\n    stages: [cleaning, intent, context, plugins]\n    maxRecords: 2\n',
    )
    const first = run(['replay', '--into', into, '--config', slow, '--json'])
    await until('some of it is written', () =>
      open(async ({ log }) =>
        (await log.topics()).some(
          ({ name, offsets }) => name === `${into}.processed` && offsets.some(({ latest }) => latest > 0),
        ),
      ),
    )
    first.kill(signal)
    expect(await first.ended).toMatchObject(
      signal === 'SIGKILL' ? { signal } : { code: 130, out: expect.stringContaining('records') },
    )
    expect((await shadow<Processed>(into, 'processed')).length).toBeLessThan((await said()).length)
    // An interrupted replay is nothing that `--wait` waits for
    await json('ingest', lay(`${into}.jsonl`, talk(into, march)), '--wait')
    await json('replay', '--into', into)
    expect((await shadow<Processed>(into, 'processed')).map(contextOf)).toEqual((await said()).map(contextOf))
  },
)

const contextOf = ({ id, turn, userTurns, history, slots, intent, sentiment }: Processed) => ({
  id,
  turn,
  userTurns,
  history,
  slots,
  intent,
  sentiment,
})
