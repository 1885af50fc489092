import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Block } from '../../connectors/olap/olap.ts'
import type { RunningProcessor } from '../runtime/processor.ts'
import {
  append,
  describeSinkOn,
  expectExactly,
  framed,
  letters,
  olap,
  range,
  rows,
  server,
  start,
  until,
} from './fixture.ts'

const send = (from: number, to: number, text = 'x') =>
  append(
    from % 2,
    range(from, to).map((id) => framed(id, text)),
  )

/** Resolves when the sink says that it waits for the server, and why. */
const waiting = async (sink: RunningProcessor): Promise<string> => {
  await until(() => sink.meter.health('sink-1').state === 'retrying')
  return sink.meter.health('sink-1').reason ?? ''
}
const change = (statement: string) => olap.migrate([`ALTER TABLE sink.notes ${statement}`])

/** Bad days of a server, for real: the process is killed and stopped, its tables are ill. */
describeSinkOn('a server, over HTTP', () => {
  test('killed again and again while rows come, it has each row once', async () => {
    const sink = await start({ maxRecords: 20, lingerMs: 5 })
    for (let round = 0; round < 4; round++) {
      await send(round * 200, round * 200 + 200)
      await sleep(30 * round)
      await server.kill(0)
      if (round === 3) await send(800, 900)
      await waiting(sink)
      await server.restart(0)
    }
    await until(() => sink.meter.recordsIn === 900)
    await expectExactly(range(0, 900))
  })

  test('stopped past the time-out, it may have done what it has not answered: each row is there once', async () => {
    const inserted: string[] = []
    const insert = async (block: Block) => {
      inserted.push(block.token)
      await olap.insert(block)
    }
    const sink = await start({ olap: { ...olap, insert }, maxRecords: 50, lingerMs: 5 })
    await send(0, 50)
    // Not the rows: they are there a moment before the server says so
    await until(() => sink.meter.recordsIn === 50)
    server.pause(0)
    await send(50, 100)
    expect(await waiting(sink)).toMatch(/block notes\/0\/50-99\/1 .*[Tt]imeout/)
    server.resume(0)
    await until(() => sink.meter.recordsIn === 100)
    await send(100, 130)
    await rows(130)
    await expectExactly(range(0, 130))
    expect(inserted.filter((token) => token === 'notes/0/50-99/1').length).toBeGreaterThan(1)
  })

  test('away at the start, it is waited for; then the tables are made and the rows come in', async () => {
    await olap.migrate(['RENAME TABLE sink.notes TO sink.kept'])
    await server.kill(0)
    await send(0, 10)
    const sink = await start({ prepare: () => olap.migrate(['RENAME TABLE sink.kept TO sink.notes']) })
    expect(await waiting(sink)).toContain('ECONNREFUSED')
    await server.restart(0)
    await rows(10)
    await expectExactly(range(0, 10))
  })

  test('two sinks of one group write at once, and each row is there once', async () => {
    const sinks = [await start({ maxRecords: 30, lingerMs: 5 }), await start({ maxRecords: 30, lingerMs: 5 })]
    await send(0, 400)
    await send(401, 801)
    await rows(800)
    await expectExactly([...range(0, 400), ...range(401, 801)])
    expect(sinks.reduce((sum, { meter }) => sum + meter.recordsIn, 0)).toBe(800)
  })

  test.each([
    ['a column is missing', 'DROP COLUMN text', 'ADD COLUMN text String', /text/],
    [
      'the disk is full',
      'MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1000000000000000000',
      'RESET SETTING min_free_disk_bytes_to_perform_insert',
      /disk|space/i,
    ],
    [
      'there are too many parts',
      'MODIFY SETTING parts_to_throw_insert = 1, parts_to_delay_insert = 1',
      'RESET SETTING parts_to_throw_insert, parts_to_delay_insert',
      /too many parts/i,
    ],
  ])('%s: the sink waits, says why, and goes on when it is mended', async (_, ill, mended, reason) => {
    const sink = await start()
    await send(0, 30)
    await rows(30)
    await change(ill)
    await send(30, 60)
    expect(await waiting(sink)).toMatch(reason)
    await change(mended)
    await rows(60)
    await expectExactly(range(0, 60))
    expect(await letters()).toEqual([])
  })

  test('a row that the table refuses is a dead letter, though the server is killed while it is looked for', async () => {
    await change("ADD CONSTRAINT polite CHECK text != 'rude'")
    await append(
      0,
      range(0, 64).map((id) => framed(id, id === 41 ? 'rude' : 'x')),
    )
    let inserts = 0
    const insert = async (block: Block) => {
      if (inserts++ === 4) await server.kill(0)
      await olap.insert(block)
    }
    const sink = await start({ olap: { ...olap, insert } })
    await waiting(sink)
    await server.restart(0)
    await until(() => sink.meter.recordsIn >= 64)
    await expectExactly(range(0, 64).filter((id) => id !== 41))
    expect(await letters()).toEqual([{ code: 'ROW_REFUSED', offset: 41 }])
  })
})
