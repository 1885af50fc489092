import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { positiveNumber, wholeNumber } from '../cli/arguments.ts'
import { killApart } from './kill/apart.ts'
import { killRun } from './kill/run.ts'
import { type Amounts, points } from './kill/schedule.ts'
import { tableOf, verdictOf } from './kill/table.ts'
import { machine } from './machine.ts'

interface Options {
  readonly kills: number
  readonly seed: number
  readonly minutes: number
  readonly brokers: number
  readonly redis: 'single' | 'sentinel'
  readonly embedded?: boolean
  readonly json?: string
}

const defaultSeed = Date.now() % 1_000_000

const program = new Command('npm run bench:kill --')
  .description(
    'Kills the product again and again, on Kafka, Redis and ClickHouse, and compares everything that comes out with what must. Ends with 1 where anything differs.',
  )
  .option('--kills <number>', 'SIGKILLs, about half of them at named points', wholeNumber, 1000)
  .option('--seed <number>', 'repeats the input and the schedule of a run', wholeNumber, defaultSeed)
  .option('--minutes <number>', 'no fault begins later', positiveNumber, 45)
  .option('--brokers <number>', 'of Kafka, 1 or 3', wholeNumber, 1)
  .option('--redis <kind>', 'single, or sentinel: a pair that fails over', 'sentinel')
  .option('--embedded', 'everything embedded, in the processes of one `murmur start`')
  .option('--json <file>', 'write the report there')
  .action(run)

/** How much of everything, for so many kills. */
function amountsFor(kills: number): Amounts {
  const rounds = Math.max(1, Math.round(kills / 2 / points.length))
  const chain = 3
  const share = (part: number) => Math.ceil(kills / part)
  // A chain kills once more, to begin with
  const named = Math.ceil(rounds * points.length * (1 + 1 / chain))
  return {
    rounds,
    chain,
    kills: Math.max(0, kills - named),
    falls: share(100),
    rebalances: share(10),
    zombies: share(50),
    clockJumps: share(40),
    outages: share(150),
    clickhouseAwayMs: 60_000,
    maxGapMs: 1200,
  }
}

async function run(options: Options): Promise<void> {
  const { seed, json } = options
  const folder = mkdtempSync(join(tmpdir(), 'murmur-kill-'))
  console.log(machine())
  console.log(`seed ${seed}`)
  const onFault = (what: string, number: number, of: number) =>
    process.stderr.write(`\r${number}/${of} ${what.padEnd(24)}`)
  const report = await (options.embedded
    ? killRun({
        folder,
        seed,
        kills: options.kills,
        rate: 1000,
        maxGapMs: 1500,
        onKill: (victim, number) => onFault(victim, number, options.kills),
      })
    : killApart({
        folder,
        seed,
        ...amountsFor(options.kills),
        redis: options.redis,
        brokers: options.brokers,
        sessionTimeoutMs: 6000,
        rate: 150,
        budgetMs: options.minutes * 60_000,
        onFault,
      }))
  process.stderr.write('\n')
  console.log(tableOf(report))
  const wrong = verdictOf(report)
  console.log(
    wrong.length === 0
      ? 'exact: nothing missing, nothing double, nothing wrong'
      : `NOT exact; --seed ${seed} repeats the run, ${folder} has what the processes said`,
  )
  if (json) writeFileSync(json, `${JSON.stringify({ seed, machine: machine(), ...report }, undefined, 2)}\n`)
  if (wrong.length === 0) rmSync(folder, { recursive: true })
  process.exitCode = wrong.length === 0 ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
await program.parseAsync()
