import { Command } from 'commander'
import { configJsonSchema } from '../config/keys.ts'
import { masked } from '../config/masked.ts'
import { murmur } from '../streams/topology.ts'
import { print } from './output.ts'
import { configOf, wantsJson } from './session.ts'

export const config = new Command('config').description('the configuration')

config
  .command('check')
  .description('whether the configuration is valid, and what it comes to')
  .action(async (_options: unknown, command: Command) => {
    const config = configOf(command)
    await murmur(config)
    const checked = masked(config)
    print(
      wantsJson(command),
      checked,
      () => `the configuration is valid\n${JSON.stringify(checked, undefined, 2)}`,
    )
  })

config
  .command('schema')
  .description('the JSON Schema, for editors')
  .action((_options: unknown, command: Command) => {
    const schema = configJsonSchema()
    print(wantsJson(command), schema, () => JSON.stringify(schema, undefined, 2))
  })
