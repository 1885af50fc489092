import { join } from 'node:path'
import { Argument, Command, InvalidArgumentError } from 'commander'
import { startKafka } from './kafka.ts'
import { startRedis } from './redis.ts'
import type { Servers } from './server.ts'

type Name = 'kafka' | 'redis'

interface Options {
  readonly data?: string
  readonly kafkaPort: number
  readonly redisPort: number
}

const port = (text: string): number => {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value
  throw new InvalidArgumentError('write a whole number from 1 to 65535')
}

/** Starts each server, and returns it with what murmur.yaml says to use it. */
const start: Record<Name, (options: Options) => Promise<readonly [Servers, string]>> = {
  async kafka({ data, kafkaPort }) {
    const folder = data === undefined ? {} : { folder: join(data, 'kafka') }
    const kafka = await startKafka({ ...folder, port: kafkaPort, java: ['-Xmx1g'] })
    return [kafka, `log:\n  driver: kafka\n  kafka:\n    brokers: [${kafka.brokers}]\n`]
  },
  async redis({ data, redisPort }) {
    const folder = data === undefined ? {} : { folder: join(data, 'redis') }
    const redis = await startRedis({ ...folder, port: redisPort })
    return [redis, `store:\n  driver: redis\n  redis:\n    url: redis://${redis.nodes}\n`]
  },
}

async function run(names: readonly Name[], options: Options): Promise<void> {
  const stopped = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, resolve)
  })
  const running: Servers[] = []
  try {
    for (const name of names) {
      const [server, settings] = await start[name](options)
      running.push(server)
      process.stdout.write(settings)
    }
    console.error(`These lines in murmur.yaml use ${names.join(' and ')}. Ctrl-C stops them.`)
    // A promise alone keeps no process alive
    const awake = setInterval(() => {}, 60_000)
    await stopped
    clearInterval(awake)
  } finally {
    await Promise.all(running.map((server) => server.stop()))
  }
}

const program = new Command('npm run servers --')
  .description('Runs a Kafka and a Redis on this machine, for as long as you look on. Not for production.')
  .addArgument(
    new Argument('[servers...]', 'which; both unless told')
      .choices(['kafka', 'redis'])
      .default(['kafka', 'redis']),
  )
  .option('--data <folder>', 'keep what they store; forgotten at the end unless told')
  .option('--kafka-port <port>', 'where Kafka listens', port, 9092)
  .option('--redis-port <port>', 'where Redis listens', port, 6379)
  .action(run)

try {
  await program.parseAsync()
} catch (error) {
  console.error(`murmur: ${(error as Error).message}`)
  process.exitCode = 1
}
