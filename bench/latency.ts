import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { processed } from '../schemas/topics.ts'
import { GroupWatch, quantiles, times } from './delays.ts'
import type { Seen } from './load.ts'
import type { Figure } from './machine.ts'
import { byProcess, CpuWatch } from './procfs.ts'
import { drained, ended, linearAlone, withPipeline } from './running.ts'

const rate = 1000
const seconds = 20
const warmUp = 10

export const about = `Utterances of 200 conversations come in on 100 WebSockets at an even rate, from a process of its own, after ${warmUp} s of
warm-up. Times count from the moment at which an utterance was due, so that a stall counts for all that wait behind it.
A row's time ends when the sink's commit behind it was seen, up to 10 ms late. The linear tier answers alone.`

export async function run(): Promise<readonly Figure[]> {
  return withPipeline(async (running) => {
    const rows = new GroupWatch(running.opened.log, 'sink', processed.name)
    const watch = new CpuWatch(running.processes)
    const { from, sent, answered, reply, accepted } = await load(running.address)
    const [taken, loading] = [watch.taken(), watch.ended()]
    await drained(running)
    const name = `${rate.toLocaleString('en')}/s for ${seconds} s`
    return [
      ...times(`${name}: to accepted`, accepted),
      ...times(`${name}: to the reply`, reply, 25),
      ...times(`${name}: to the row`, quantiles(await rows.delays(from))),
      { name: `${name}: answered`, value: (100 * answered) / sent, unit: '%' },
      ...byProcess(name, taken, '% of a core', 100 / (seconds + warmUp)),
      { name: `${name}: the load itself`, value: (100 * loading) / (seconds + warmUp), unit: '% of a core' },
    ]
  }, linearAlone)
}

async function load(address: string): Promise<Seen> {
  const program = fileURLToPath(new URL('./load.js', import.meta.url))
  const args = [program, address, rate, seconds, warmUp].map(String)
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [printed] = await Promise.all([text(child.stdout), ended(child)])
  return JSON.parse(printed) as Seen
}
