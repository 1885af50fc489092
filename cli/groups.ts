import { Command } from 'commander'
import { lagByGroup, sumOf } from '../streams/runtime/lag.ts'
import { didYouMean } from './arguments.ts'
import { print, table } from './output.ts'
import { configOf, wantsJson, withConnectors } from './session.ts'

export const groups = new Command('groups')
  .description('consumer groups: who reads, and how far behind')
  .action(async (_options: unknown, command: Command) => {
    const rows = await withConnectors(configOf(command), async ({ log }) => {
      const lags = await lagByGroup(log)
      return (await log.groups()).map(({ group, members }) => ({
        group,
        members,
        lag: sumOf(lags.get(group)),
      }))
    })
    print(wantsJson(command), rows, () =>
      rows.length === 0
        ? 'there are no groups'
        : table(rows.map((row) => ({ ...row, members: row.members.join(' ') || null }))),
    )
  })

groups
  .command('forget')
  .description('remove a group and its position, as if it had never been; nobody may be reading in it')
  .argument('<group>')
  .action(async (group: string, _options: unknown, command: Command) => {
    await withConnectors(configOf(command), async ({ log }) => {
      const names = (await log.groups()).map((one) => one.group)
      if (!names.includes(group))
        throw new Error(
          `there is no group "${group}"${names.length > 0 ? `: ${didYouMean(group, names)}` : ''}`,
        )
      await log.forget(group)
    })
    print(wantsJson(command), { forgotten: group }, () => `forgot the group "${group}"`)
  })
