#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { config } from './cli/config.ts'
import { deadletters } from './cli/deadletters.ts'
import { doctor } from './cli/doctor.ts'
import { groups } from './cli/groups.ts'
import { ingest } from './cli/ingest.ts'
import { language } from './cli/language.ts'
import { query } from './cli/query.ts'
import { replay } from './cli/replay.ts'
import { schemas } from './cli/schemas.ts'
import { start } from './cli/start.ts'
import { status } from './cli/status.ts'
import { tail } from './cli/tail.ts'
import { transactions } from './cli/transactions.ts'
import { packageRoot } from './schemas/root.ts'

const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
  version: string
}

const program = new Command('murmur')
  .description('Every utterance an event: stream processing of what people say')
  .version(version)
  .option('--config <file>', 'configuration; murmur.yaml unless told')
  .option('--data <folder>', 'folder for everything embedded')
  .option('--json', 'print JSON')
  .showHelpAfterError('(--help shows what there is)')
  .configureHelp({ showGlobalOptions: true })

for (const command of [
  start,
  ingest,
  query,
  status,
  tail,
  deadletters,
  groups,
  transactions,
  replay,
  schemas,
  language,
  config,
  doctor,
]) {
  program.addCommand(command)
  for (const one of [command, ...command.commands]) one.copyInheritedSettings(program)
}

// A reader that has seen enough, such as `head`, is no fault
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

try {
  await program.parseAsync()
} catch (error) {
  console.error(`murmur: ${(error as Error).message}`)
  if (process.env.MURMUR_DEBUG) console.error(error)
  process.exitCode = 1
}
