import { expect, test } from 'vitest'
import type { Claim, Log } from '../../connectors/log/log.ts'
import type { Block } from '../../connectors/olap/olap.ts'
import {
  append,
  counted,
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
import type { SinkOptions } from './sink.ts'

/** The log, with claims whose steps can be made to fail. */
const logWith = (change: (claim: Claim) => Partial<Claim>): Log => ({
  ...log,
  consume: (subscription) =>
    log.consume({
      ...subscription,
      onClaim: (claim) => subscription.onClaim({ ...claim, signal: claim.signal, ...change(claim) }),
    }),
})
const crash = async (): Promise<never> => {
  throw new Error('crash')
}
const steps: Record<string, () => Partial<SinkOptions>> = {
  'before the block is recorded': () => ({ log: logWith(() => ({ record: crash })) }),
  'between record and insert': () => ({ olap: { ...olap, insert: crash } }),
  'after some of the inserts': () => {
    let inserts = 0
    const insert = (block: Block) => (inserts++ === 0 ? olap.insert(block) : crash())
    return { olap: { ...olap, insert } }
  },
  'after an insert, before its answer': () => ({
    olap: {
      ...olap,
      async insert(block) {
        await olap.insert(block)
        await crash()
      },
    },
  }),
  'between insert and commit': () => ({ log: logWith(() => ({ commit: crash })) }),
  'after the commit': () => ({
    log: logWith((claim) => ({
      async commit(outputs) {
        await claim.commit(outputs)
        await crash()
      },
    })),
  }),
}

describeSink(() => {
  test.each(Object.keys(steps))(
    'a crash %s loses and doubles nothing, though more records came since',
    async (step) => {
      await append(
        0,
        range(0, 50).map((id) => framed(id, 'x', id % 2 ? 1 : 2)),
      )
      await append(
        1,
        range(50, 80).map((id) => framed(id, 'y')),
      )
      const first = await start(steps[step]?.())
      await expect(first.done).rejects.toThrow('crash')
      expect(first.meter.health('sink-1')).toMatchObject({ state: 'failed', reason: 'crash' })
      await append(
        0,
        range(80, 100).map((id) => framed(id, 'z')),
      )
      await append(
        1,
        range(100, 110).map((id) => framed(id, 'z')),
      )
      await start()
      await rows(110)
      await until(async () => (await counted()) === 110)
      await expectExactly(range(0, 110))
    },
  )

  test('claims that are shorter after the crash still insert the promised block as it was', async () => {
    await append(
      0,
      range(0, 60).map((id) => framed(id, 'x')),
    )
    const first = await start({ log: logWith(() => ({ commit: crash })) })
    await expect(first.done).rejects.toThrow('crash')
    const sink = await start({ maxRecords: 7 })
    await until(() => sink.meter.recordsIn === 60)
    await append(
      0,
      range(60, 65).map((id) => framed(id, 'x')),
    )
    await rows(65)
    await expectExactly(range(0, 65))
  })

  test('a crash while the rows at fault are looked for changes nothing about the outcome', async () => {
    await append(
      0,
      range(0, 20).map((id) => framed(id, id === 11 ? 'bad' : 'good')),
    )
    let inserts = 0
    const insert = (block: Block) => (inserts++ < 3 ? olap.insert(block) : crash())
    const first = await start({ olap: { ...olap, insert } })
    await expect(first.done).rejects.toThrow('crash')
    const sink = await start()
    await until(() => sink.meter.recordsIn >= 20)
    await expectExactly(range(0, 20).filter((id) => id !== 11))
    expect(await letters()).toEqual([{ code: 'ROW_REFUSED', offset: 11 }])
  })
})
