import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../schemas/root.ts'
import { kafkaJars } from '../servers/jars.ts'
import { startRedis } from '../servers/redis.ts'
import type { Figure, SuiteOptions } from './machine.ts'

export const about = `The reference job (clean, classify, last five texts of each conversation, a count an intent and window) on 1,000,000
utterances in 8 partitions, exactly once, run and verified by the peers' kit: every output is compared with what it must be.
Kafka Streams keeps its state in RocksDB and a changelog, this project in Redis. CPU seconds are the engine's own per million
of utterances; the broker's and Redis's come on top. Delays are from an utterance's event time to a reader of committed
records, at 5,000/s. With kill −9 after 4 s of output and a new start, the run as a whole is shown.`

const execute = promisify(execFile)

/** What the kit prints of a run. */
type Result = Readonly<Record<string, number | string | undefined>>

interface Engine {
  readonly name: string
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** What this project promises for itself. */
  readonly goals: { readonly cpu?: number; readonly p99?: number }
}

export async function run({ peers }: SuiteOptions): Promise<readonly Figure[]> {
  if (!existsSync(join(peers, 'tools', 'bench.py'))) {
    console.error(`the reference job was left out: there is no kit in ${peers}; name its folder with --peers`)
    return []
  }
  const folder = mkdtempSync(join(tmpdir(), 'murmur-reference-'))
  const redis = await startRedis()
  const kit = await Kit.set(folder, peers)
  try {
    const figures: Figure[] = []
    const url = `redis://${redis.nodes[0]}`
    for (const engine of [murmur(url), await kit.kafkaStreams()])
      figures.push(...(await measure(kit, engine)))
    return figures
  } finally {
    await kit.stop()
    await redis.stop()
    rmSync(folder, { recursive: true })
  }
}

const murmur = (redis: string): Engine => ({
  name: 'murmur',
  command: [
    process.execPath,
    '--max-semi-space-size=24',
    join(packageRoot(), 'dist', 'bench', 'reference', 'main.js'),
  ],
  env: { REDIS: redis },
  goals: { cpu: 20, p99: 100 },
})

async function measure(kit: Kit, { name, command, env, goals }: Engine): Promise<Figure[]> {
  const { cpu, p99 } = goals
  const full = await kit.bench(['thr', name], command, env)
  const live = await kit.bench(['lat', name], command, env)
  const killed = await kit.bench(['thr', `${name}-killed`, '--crash', '4'], command, env)
  const figure = (what: string, value: unknown, unit: string, atMost?: number): Figure => ({
    name: `${name}: ${what}`,
    value: Number(value),
    unit,
    ...(atMost === undefined ? {} : { atMost }),
  })
  return [
    figure('CPU', full.cpu_s_per_M, 'CPU s/million', cpu),
    figure("the broker's CPU", full.broker_cpu_s_per_M, 'CPU s/million'),
    figure('at full speed', full.msgs_s_steady, 'utterances/s'),
    figure('memory', full.rss_MiB, 'MiB'),
    ...exactness('at full speed', full),
    figure('delay at 5,000/s, p50', live.p50_ms, 'ms'),
    figure('delay at 5,000/s, p99', live.p99_ms, 'ms', p99),
    figure('killed once: from start to the last output', killed.wall_s, 's'),
    ...exactness('killed once', killed),
  ]

  function exactness(when: string, result: Result): Figure[] {
    return (['missing', 'dup', 'wrong'] as const).map((fault) =>
      figure(`${when}, ${fault}`, result[fault], 'outputs', 0),
    )
  }
}

/** The kit, set up in a folder of its own: its tools, their packages, a broker with the utterances. */
class Kit {
  private constructor(
    private readonly folder: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  static async set(folder: string, peers: string): Promise<Kit> {
    cpSync(peers, folder, { recursive: true })
    mkdirSync(join(folder, 'work', 'logs'), { recursive: true })
    const python = join(folder, 'python')
    await execute('python3', ['-m', 'venv', python])
    await execute(join(python, 'bin', 'pip'), ['install', '--quiet', 'confluent-kafka', 'orjson'])
    const path = `${join(python, 'bin')}:${process.env.PATH ?? ''}`
    const kit = new Kit(folder, { ...process.env, PATH: path, KAFKA_LIBS: await kafkaJars() })
    await kit.#run('bash', ['tools/broker.sh', 'start'])
    await kit.#run('bash', ['tools/preload.sh', '1000000'])
    return kit
  }

  async bench(
    args: readonly string[],
    command: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<Result> {
    const printed = await this.#run('python3', ['tools/bench.py', ...args, '--', ...command], env)
    const line = printed.split('\n').find((one) => one.startsWith('{'))
    if (line === undefined) throw new Error(`the kit printed no result:\n${printed}`)
    return JSON.parse(line) as Result
  }

  async kafkaStreams(): Promise<Engine> {
    const jars = join(this.folder, 'work', 'kslibs')
    await this.#run('mvn', [
      '-q',
      '-B',
      '-f',
      'kstreams/pom.xml',
      'dependency:copy-dependencies',
      `-DoutputDirectory=${jars}`,
    ])
    const classes = join(this.folder, 'work', 'ksclasses')
    await this.#run('javac', ['-cp', `${jars}/*`, '-d', classes, 'kstreams/src/main/java/App.java'])
    return {
      name: 'kafka-streams',
      command: ['java', '-Xmx1g', '-cp', `${classes}:${jars}/*`, 'App'],
      env: { GUARANTEE: 'exactly_once_v2' },
      goals: {},
    }
  }

  async stop(): Promise<void> {
    await this.#run('bash', ['tools/broker.sh', 'stop'])
  }

  async #run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const { stdout } = await execute(program, [...args], {
      cwd: this.folder,
      env: { ...this.env, ...env },
      maxBuffer: 1 << 26,
    })
    return stdout
  }
}
