import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Argument, Command } from 'commander'
import { packageRoot } from '../schemas/root.ts'
import { machine, type Suite, type SuiteOptions } from './machine.ts'
import { pageWith, type Report, textOf } from './page.ts'

const suites: Readonly<Record<string, () => Promise<Suite>>> = {
  pipeline: () => import('./pipeline.ts'),
  latency: () => import('./latency.ts'),
  idle: () => import('./idle.ts'),
  start: () => import('./start.ts'),
  stages: () => import('./stages.ts'),
  log: () => import('./log.ts'),
  servers: () => import('./servers.ts'),
  recovery: () => import('./recovery.ts'),
  reference: () => import('./reference.ts'),
  language: () => import('./language.ts'),
  encoders: () => import('./encoders.ts'),
  cascade: () => import('./cascade.ts'),
}

interface Options extends Partial<SuiteOptions> {
  readonly data: string
  readonly peers: string
  readonly json?: true
  readonly write?: true
}

await new Command('bench')
  .description('measure Murmur on this machine; let nothing else run meanwhile')
  .addArgument(new Argument('[names...]', 'suites; all unless told').choices(Object.keys(suites)))
  .option(
    '--long',
    'take ten million utterances through the pipeline, too: some ten minutes and 20 GB of disk',
  )
  .option(
    '--data <folder>',
    'folder with public data sets, for the accuracy of the language model',
    '../shared/data',
  )
  .option(
    '--peers <folder>',
    'folder with the kit that runs the reference job beside other engines',
    '../shared/peers',
  )
  .option('--json', 'print one JSON object a suite')
  .option('--write', 'write docs/performance.md, too')
  .action(async (names: readonly string[], options: Options) => {
    const reports: Report[] = []
    for (const name of names.length > 0 ? names : Object.keys(suites)) {
      const report = await measure(name, options)
      reports.push(report)
      console.log(options.json ? JSON.stringify(report) : `${textOf(report)}\n`)
    }
    const page = join(packageRoot(), 'docs', 'performance.md')
    if (options.write) writeFileSync(page, pageWith(page, reports))
  })
  .parseAsync()

async function measure(suite: string, { long = false, data, peers }: Options): Promise<Report> {
  process.stderr.write(`measuring ${suite} …\n`)
  const { about, run } = await (suites[suite] as () => Promise<Suite>)()
  const before = machine()
  const figures = await run({ long, data, peers })
  return {
    suite,
    command: `npm run bench -- ${suite}${long ? ' --long' : ''}`,
    machine: before,
    about,
    figures,
  }
}
