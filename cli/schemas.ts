import { Command } from 'commander'
import { accept, check, describe, list } from '../schemas/check.ts'
import { print, table } from './output.ts'
import { wantsJson } from './session.ts'

export const schemas = new Command('schemas').description('the Avro schemas of all events')

schemas
  .command('list')
  .description('every event with its topic, version and id')
  .action((_options: unknown, command: Command) => {
    const found = list()
    print(wantsJson(command), found, () => table(found.map((one) => ({ ...one }))))
  })

schemas
  .command('check')
  .description('whether every change since the committed versions is compatible with all of them')
  .option('--accept', 'write compatible changes down as the next version')
  .action(({ accept: wanted }: { accept?: boolean }, command: Command) => {
    const reports = check()
    const accepted = wanted ? accept() : []
    print(wantsJson(command), { reports, accepted }, () =>
      [
        ...reports.map(describe),
        ...accepted.map(({ event, version }) => `${event}: version ${version} is written down`),
      ].join('\n'),
    )
    const open = wanted
      ? reports.filter(({ state }) => state === 'incompatible')
      : reports.filter(({ state }) => state !== 'committed')
    if (open.length > 0) process.exitCode = 1
  })
