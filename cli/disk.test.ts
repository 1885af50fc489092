import { afterAll, describe, expect, test } from 'vitest'
import { processed } from '../schemas/topics.ts'
import { type Child, drained, type Pipeline, type Spawning, until, valuesOf, workplace } from './fixture.ts'

/** A log that is full: by its budget, and because the disk takes no more. Nothing is lost, and it goes on once there is room. */
const count = 8000
const rows = Array.from(
  { length: count },
  (_, i) =>
    `${JSON.stringify({ id: `u${i}`, conversation: `c${i % 50}`, text: `note ${i} ${'and so on '.repeat(60)}` })}\n`,
).join('')

const limits: [string, { config: string; spawning: Spawning }][] = [
  ['its budget is used up', { config: 'log: { maxBytes: 2000000 }\n', spawning: {} }],
  ['the disk is full', { config: '', spawning: { ulimit: '-f 5000' } }],
]

describe.each(limits)('where %s', (_what, { config, spawning }) => {
  const { run, json, start, open, lay } = workplace()
  let running: Pipeline | undefined
  afterAll(() => running?.stop())

  test('the gateway says so, an ingest waits, and with more room everything goes on', async () => {
    const args = ['--config', lay('small.yaml', config)]
    const file = lay('rows.jsonl', rows)
    const small = await start(args, spawning)
    running = small
    const ingest: Child = run(['ingest', file, ...args], spawning)
    await until('the ingest says that it waits', () =>
      /waiting: (the log's budget|the disk is full)/.test(ingest.err()),
    )
    const refused = await until('the gateway refuses', async () => {
      const response = await post(small.address, 'x'.repeat(200_000))
      return response.status === 507 && response
    })
    expect(await refused.json()).toMatchObject({
      error: { code: 'LOG_FULL', remedy: expect.stringContaining('nothing was accepted') },
    })
    // A processor tells of itself once a second
    await until('the pipeline is not ready, and says that a processor waits', async () => {
      const ready = await fetch(`${small.address}/readyz`)
      return (
        ready.status === 503 && /is retrying: (the log's budget|the disk is full)/.test(await ready.text())
      )
    })
    ingest.kill('SIGTERM')
    expect((await ingest.ended).code).toBe(130)
    expect((await small.stop()).code).toBe(0)

    running = await start()
    expect((await post(running.address, 'is there room again?')).status).toBe(202)
    expect(await json('ingest', file, '--wait')).toMatchObject({ rejected: 0 })
    await open(async (opened) => {
      await drained(opened)
      const ids = (await valuesOf(opened, processed))
        .filter(({ id }) => id.startsWith('u'))
        .map(({ id }) => id)
      expect([ids.length, new Set(ids).size]).toEqual([count, count])
    })
    expect(
      await json(
        'query',
        "SELECT uniqExact(id) AS ids, count() AS n FROM processed WHERE startsWith(id, 'u')",
      ),
    ).toEqual([{ ids: count, n: count }])
  })
})

const post = (address: string, text: string): Promise<Response> =>
  fetch(`${address}/v1/utterances`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ conversation: 'gateway', channel: 'import', text }),
  })
