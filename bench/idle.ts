import { setTimeout as sleep } from 'node:timers/promises'
import { writeUtterances } from './input.ts'
import type { Figure } from './machine.ts'
import { byProcess, CpuWatch } from './procfs.ts'
import { drained, ended, murmur, temporaryFile, withPipeline } from './running.ts'

const settleMs = 10_000
const seconds = 20

export const about = `CPU time of every process while nothing happens, over ${seconds} s. The pipeline has had 10,000 utterances before.`

export async function run(): Promise<readonly Figure[]> {
  return withPipeline(async (running) => {
    await temporaryFile(async (file) => {
      writeUtterances(file, 10_000, 'feed')
      await ended(murmur(running.data, ['ingest', file, '--json'], 'ignore'))
    })
    await drained(running)
    await sleep(settleMs)
    const cpu = new CpuWatch(running.processes)
    await sleep(1000 * seconds)
    const figures = byProcess('idle', cpu.taken(), '% of a core', 100 / seconds)
    return figures.map((figure) => (figure.name === 'idle: all' ? { ...figure, atMost: 2 } : figure))
  })
}
