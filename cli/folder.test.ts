import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { until, workplace } from './fixture.ts'
import { runningPipeline } from './running.ts'

/** Whom a data folder and a port belong to, and how the pipeline starts and ends. */
const { run, murmur, json, start, lay, data } = workplace()

test('a port in use is named, with what to do, and nothing is left running', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo
  const { code, err } = await murmur('start', '--no-feed', '--port', String(port))
  other.close()
  expect(code).toBe(1)
  expect(err).toContain(`murmur: port ${port} of 127.0.0.1 is in use: stop the program that has it`)
  expect(err).not.toMatch(/^\s+at /m)
  expect(runningPipeline(data)).toBeUndefined()
  const { groups } = await json<{ groups: { lag: number }[] }>('status')
  expect(groups.every(({ lag }) => lag === 0)).toBe(true)
  expect(await json('doctor', '--config', lay('free.yaml', 'gateway: { port: 0 }\n'))).toBeDefined()
})

test('of two pipelines on one folder the second is refused, and told who has it', async () => {
  const first = await start()
  const second = await murmur('start', '--no-feed', '--port', '0')
  expect(second).toMatchObject({ code: 1, out: '' })
  expect(second.err).toContain(`in use by the pipeline of process ${first.pid} at ${first.address}`)
  expect(second.err).toContain('--data')
  expect((await first.health()).ready).toBe(true)

  const processes = (await first.health()).processors.map(({ pid }) => pid as number)
  first.kill('SIGKILL')
  await first.ended
  const heir = await start()
  expect(heir.pid).not.toBe(first.pid)
  await until('the processes of the first are gone', () => processes.every((pid) => !isAlive(pid)))
  expect((await heir.stop()).code).toBe(0)
})

test('of pipelines that start at the same time one gets the folder', async () => {
  const all = [1, 2, 3].map(() => run(['start', '--no-feed', '--port', '0']))
  const winner = await until('one runs', () => {
    const running = runningPipeline(data)
    return running?.address !== undefined && all.find(({ pid }) => pid === running.process.pid)
  })
  for (const loser of all.filter((one) => one !== winner))
    expect(await loser.ended).toMatchObject({
      code: 1,
      err: expect.stringContaining(`process ${winner.pid}`),
    })
  winner.kill('SIGTERM')
  expect((await winner.ended).code).toBe(0)
})

test('a pipeline without a gateway works, and is asked past it', async () => {
  const child = run(['start', '--no-feed', '--no-gateway'])
  await until('the pipeline runs', () => runningPipeline(data) !== undefined)
  const file = lay('few.jsonl', '{"text":"one"}\n{"text":"two"}\n')
  expect(await json('ingest', file, '--wait')).toMatchObject({ written: 2 })
  expect(await json('query', 'SELECT count() AS n FROM processed')).toEqual([{ n: 2 }])
  expect((await murmur('doctor')).out).toContain('through the pipeline')
  expect((await murmur('status')).out).toContain(`running: process ${child.pid}`)
  child.kill('SIGTERM')
  expect((await child.ended).code).toBe(0)
})

test('a processor is restarted when it dies, and health says so meanwhile', async () => {
  const pipeline = await start()
  const before = await pipeline.pidOf('conversation-1')
  process.kill(before, 'SIGKILL')
  await until(
    'another process has its place',
    async () => (await pipeline.pidOf('conversation-1')) !== before,
  )
  await until('the pipeline is ready again', async () => (await pipeline.health()).ready)
  expect(pipeline.err()).toContain('conversation-1 died (killed by SIGKILL); it is started again')
  expect((await pipeline.stop()).code).toBe(0)
})

test('the feed is replayed, and one that cannot be read stops neither the pipeline nor its end', async () => {
  const feed = lay(
    'feed.jsonl',
    '{"at":0,"conversation":"fed","channel":"chat","text":"Where is my order?"}\n',
  )
  const child = run(['start', '--port', '0', '--config', lay('feed.yaml', `feed: { file: ${feed} }\n`)])
  await until('the feed is over', () => child.err().includes('The feed has been replayed'))
  await until('the reply is a row', async () => {
    const { out } = await murmur('query', "SELECT text FROM replies WHERE conversation = 'fed'", '--json')
    return out !== '' && out !== '[]\n'
  })
  child.kill('SIGINT')
  expect((await child.ended).code).toBe(0)

  const missing = run(['start', '--port', '0', '--config', lay('none.yaml', 'feed: { file: none.jsonl }\n')])
  await until('the feed has failed', () => missing.err().includes('The feed stopped: '))
  missing.kill('SIGINT')
  expect((await missing.ended).code).toBe(0)
})

test('a folder of a newer version is left alone', async () => {
  const path = join(data, 'murmur.json')
  const before = readFileSync(path, 'utf8')
  const newer = '{"format":99}\n'
  writeFileSync(path, newer)
  for (const command of [['start', '--no-feed', '--port', '0'], ['status'], ['ingest', '-']]) {
    const { code, err } = await murmur(...command)
    expect([code, err]).toEqual([1, expect.stringContaining('has format 99')])
    expect(err).toContain('install the version that wrote it')
    expect(err).not.toMatch(/^\s+at /m)
  }
  expect(readFileSync(path, 'utf8')).toBe(newer)
  writeFileSync(path, before)
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
