import { Command } from 'commander'
import type { OpenTransaction } from '../connectors/log/log.ts'
import { print, span, table } from './output.ts'
import { configOf, wantsJson, withConnectors } from './session.ts'

export const transactions = new Command('transactions')
  .description('transactions that are open on the log: while one is, readers wait behind it')
  .action(async (_options: unknown, command: Command) => {
    const open = await withConnectors(configOf(command), ({ log }) => log.transactions())
    print(wantsJson(command), open, () =>
      open.length === 0 ? 'no transaction is open' : table(open.map(rowOf)),
    )
  })

transactions
  .command('abort')
  .description('end one: its writer is fenced, and what it wrote is never read')
  .argument('<id>')
  .action(async (id: string, _options: unknown, command: Command) => {
    await withConnectors(configOf(command), async ({ log }) => {
      const open = await log.transactions()
      if (!open.some((one) => one.id === id))
        throw new Error(`no open transaction has the id "${id}"; \`murmur transactions\` lists them`)
      await log.abort(id)
    })
    print(wantsJson(command), { aborted: id }, () => `aborted ${id}`)
  })

/** Milliseconds for which it has been open. */
export const ageOf = ({ startedAt }: OpenTransaction): number => Math.max(0, Date.now() - startedAt)

/** "utterances/3, replies/0" */
export const placesOf = ({ partitions }: OpenTransaction): string =>
  partitions.map(({ topic, partition }) => `${topic}/${partition}`).join(', ')

const rowOf = (one: OpenTransaction) => ({
  id: one.id,
  state: one.state,
  'open for': span(ageOf(one)),
  'ends by itself after': span(one.timeoutMs),
  'holds back': placesOf(one),
})
