import { expect, test } from 'vitest'
import { ConnectorError } from '../../connectors/errors.ts'
import type { Block } from '../../connectors/olap/olap.ts'
import type { Rejection } from '../message.ts'
import {
  append,
  describeSink,
  expectExactly,
  framed,
  letters,
  log,
  olap,
  range,
  rows,
  start,
  until,
} from './fixture.ts'
import type { BlockStats } from './writer.ts'

/** What rows have in a column whose field only the newer schema has. */
const mores = async () =>
  (
    await olap.query('SELECT more, count() AS n FROM notes GROUP BY more ORDER BY more', {
      maxRows: 10,
      maxSeconds: 10,
      maxBytes: 10_000,
    })
  ).rows

describeSink(() => {
  test('records of several partitions and schema versions become rows, and blocks tell their sizes', async () => {
    const blocks: BlockStats[] = []
    await append(
      0,
      range(0, 300).map((id) => framed(id, `text ${id}`, id % 2 ? 1 : 2)),
    )
    await append(
      1,
      range(300, 400).map((id) => framed(id, '文字 👋')),
    )
    const sink = await start({ onBlock: (block) => blocks.push(block) })
    await rows(400)
    await until(() => sink.meter.recordsIn === 400)
    await expectExactly(range(0, 400))
    expect(blocks.map(({ partition, rows }) => [partition, rows]).sort()).toEqual([
      [0, 300],
      [1, 100],
    ])
    expect(await mores()).toEqual([
      { more: 'unknown', n: 250 },
      { more: 'x', n: 150 },
    ])
    expect(blocks.every(({ bytes, ms, ageMs }) => bytes > 500 && ms > 0 && ageMs > 0)).toBe(true)
  })

  test('what comes later follows, and a restart repeats nothing', async () => {
    await append(
      0,
      range(0, 10).map((id) => framed(id, 'a')),
    )
    const first = await start()
    await rows(10)
    await append(
      0,
      range(10, 20).map((id) => framed(id, 'b')),
    )
    await rows(20)
    await first.stop()
    await append(
      0,
      range(20, 30).map((id) => framed(id, 'c')),
    )
    await start()
    await rows(30)
    await expectExactly(range(0, 30))
  })

  test('records that are not ours, and rows that the engine refuses, go to the dead letters; all others go in', async () => {
    const values = range(0, 40).map((id) => framed(id, id === 7 || id === 31 ? 'bad' : 'good'))
    values[3] = Buffer.from('not framed')
    values[4] = Buffer.from([0, 0, 0, 1, 44, 2])
    values[5] = Buffer.from([0, 0, 0, 0, 1, 2, 200, 1, 65]) // cut short
    await append(0, values)
    const refused: Rejection[] = []
    const sink = await start({ onRefused: (rejection) => refused.push(rejection) })
    await until(() => sink.meter.recordsIn >= 40)
    const good = range(0, 40).filter((id) => ![3, 4, 5, 7, 31].includes(id))
    await expectExactly(good)
    expect((await letters()).sort((a, b) => a.offset - b.offset)).toEqual([
      { code: 'NOT_FRAMED', offset: 3 },
      { code: 'UNKNOWN_SCHEMA', offset: 4 },
      { code: 'ROW_REFUSED', offset: 5 },
      { code: 'ROW_REFUSED', offset: 7 },
      { code: 'ROW_REFUSED', offset: 31 },
    ])
    // What the sink reads back of its own dead letters may be among them: this registry does not know their schema
    expect(refused.filter(({ message }) => message.origin.records.topic === 'notes')).toHaveLength(5)
  })

  test('a dead letter that can not be stored is reported and passed over, not written again', async () => {
    await append(0, [Buffer.from('what is this')], 'deadletters')
    const refused: Rejection[] = []
    const sink = await start({ onRefused: (rejection) => refused.push(rejection) })
    await until(() => sink.meter.recordsIn === 1)
    expect(refused.map(({ code }) => code)).toEqual(['NOT_FRAMED'])
    expect((await log.topics()).find(({ name }) => name === 'deadletters')?.offsets[0]?.latest).toBe(1)
  })

  test('an engine that is away is asked again until it is back; the state says so', async () => {
    let away = true
    const insert = async (block: Block) => {
      if (away) throw new ConnectorError('UNAVAILABLE', 'connection refused')
      await olap.insert(block)
    }
    await append(
      0,
      range(0, 5).map((id) => framed(id, 'x')),
    )
    const sink = await start({ olap: { ...olap, insert } })
    await until(() => sink.meter.health('sink-1').state === 'retrying')
    expect(sink.meter.health('sink-1').reason).toBe('connection refused')
    away = false
    await rows(5)
    await until(() => sink.meter.health('sink-1').state !== 'retrying')
    await expectExactly(range(0, 5))
  })

  test('a stop does not wait for an engine that is away, and the next sink goes on', async () => {
    const insert = async () => {
      throw new ConnectorError('UNAVAILABLE', 'connection refused')
    }
    await append(
      0,
      range(0, 5).map((id) => framed(id, 'x')),
    )
    const first = await start({ olap: { ...olap, insert }, backoff: { firstMs: 60_000, maxMs: 60_000 } })
    await until(() => first.meter.health('sink-1').state === 'retrying')
    await first.stop()
    await first.done
    await start()
    await rows(5)
    await expectExactly(range(0, 5))
  })

  test('a flood of rows that can not go in stops the sink before anything is committed', async () => {
    await append(
      0,
      range(0, 30).map(() => Buffer.from('nonsense')),
    )
    const sink = await start({ flood: { maxShare: 0.5, windowMs: 60_000, minimum: 10 } })
    await expect(sink.done).rejects.toThrow('30 of the last 30 messages were refused')
    expect(sink.meter.health('sink-1').state).toBe('failed')
    expect(await letters()).toEqual([])
  })
})
