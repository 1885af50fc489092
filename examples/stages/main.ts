// Runs the example stages on the data folder of the configuration, until Ctrl-C.
import { run } from 'murmur/streams'
import { examples } from './topology.ts'

const running = await run(examples)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => running.stop())
await running.done
