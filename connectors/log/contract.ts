import { afterAll, beforeAll, describe } from 'vitest'
import { consumingContract } from './contract/consuming.ts'
import type { LogUnderTest } from './contract/harness.ts'
import { producingContract } from './contract/producing.ts'
import { sharingContract } from './contract/sharing.ts'
import type { Log } from './log.ts'

/** The suite that every log passes. It uses nothing but the `Log` interface and what `LogUnderTest` lends. */
export function logContract(name: string, start: () => Promise<LogUnderTest>): void {
  describe(`${name} keeps the log's contract`, () => {
    let under: LogUnderTest
    let log: Log
    beforeAll(async () => {
      under = await start()
      log = await under.open()
    })
    afterAll(() => under.close())
    producingContract(() => ({ log, under }))
    consumingContract(() => ({ log, under }))
    sharingContract(() => ({ log, under }))
  })
}
