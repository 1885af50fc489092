import { Command } from 'commander'
import type { DeadLetter } from '../schemas/generated/events.ts'
import { openDeadLetters, resolveDeadLetters } from '../streams/deadletters/deadletters.ts'
import { wholeNumber } from './arguments.ts'
import { count, print, table } from './output.ts'
import { configOf, wantsJson, withTopics } from './session.ts'

export const deadletters = new Command('deadletters').description('what was refused, and what becomes of it')

deadletters
  .command('list')
  .description('open dead letters, oldest first')
  .option('--limit <number>', 'at most so many', wholeNumber, 50)
  .action(async ({ limit }: { limit: number }, command: Command) => {
    const letters = await all(command)
    print(wantsJson(command), letters.slice(0, limit).map(brief), () =>
      letters.length === 0
        ? 'no open dead letters'
        : [
            table(letters.slice(0, limit).map(brief)),
            ...(letters.length > limit ? [`… and ${count(letters.length - limit)} more`] : []),
          ].join('\n'),
    )
  })

deadletters
  .command('show')
  .description('one dead letter, with its original bytes')
  .argument('<id>')
  .action(async (id: string, _options: unknown, command: Command) => {
    const letter = (await all(command)).find((one) => one.id === id)
    if (!letter)
      throw new Error(`no open dead letter has the id "${id}"; \`murmur deadletters list\` shows them`)
    const { value, ...rest } = letter
    print(wantsJson(command), { ...rest, value: value.toString('base64') }, () =>
      [...Object.entries(rest).map(([name, text]) => `${name.padEnd(12)}${text}`), '', hexDump(value)].join(
        '\n',
      ),
    )
  })

for (const [name, resolution, description] of [
  ['redrive', 'redriven', 'send dead letters to where they came from once more'],
  ['discard', 'discarded', 'give dead letters up; their bytes stay in the topic until retention'],
] as const) {
  deadletters
    .command(name)
    .description(description)
    .argument('[id...]')
    .option('--all', 'every open one')
    .option('--code <code>', 'every open one of this code')
    .option('--stage <stage>', 'every open one of this stage')
    .action(async (ids: string[], { all, code, stage }: Selection, command: Command) => {
      if (ids.length === 0 && !all && !code && !stage)
        throw new Error(`say which: ids, --code, --stage or --all`)
      const wanted = (letter: DeadLetter) =>
        (ids.length === 0 || ids.includes(letter.id)) &&
        (!code || letter.code === code) &&
        (!stage || letter.stage === stage)
      const { resolved, impossible } = await withTopics(configOf(command), ({ log, registry }) =>
        resolveDeadLetters(log, registry, wanted, resolution, Date.now()),
      )
      print(
        wantsJson(command),
        { [resolution]: resolved.map(({ id }) => id), impossible: impossible.map(({ id }) => id) },
        () =>
          [
            `${count(resolved.length)} ${resolution}`,
            ...(impossible.length > 0
              ? [
                  `${count(impossible.length)} came from a source and never were messages: put the mended rows into a file of their own and ingest that`,
                ]
              : []),
          ].join('\n'),
      )
    })
}

interface Selection {
  readonly all?: boolean
  readonly code?: string
  readonly stage?: string
}

const all = (command: Command) =>
  withTopics(configOf(command), ({ log, registry }) => openDeadLetters(log, registry))

const brief = ({ id, topic, partition, offset, stage, code, reason, createdAt }: DeadLetter) => ({
  id,
  at: new Date(createdAt).toISOString(),
  from: partition < 0 ? topic : `${topic}/${partition}@${offset}`,
  stage,
  code,
  reason,
})

const shownBytes = 1024

function hexDump(bytes: Buffer): string {
  const lines: string[] = []
  for (let at = 0; at < Math.min(bytes.length, shownBytes); at += 16) {
    const row = bytes.subarray(at, at + 16)
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    const text = [...row].map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(47)}  ${text}`)
  }
  if (bytes.length > shownBytes)
    lines.push(`… ${count(bytes.length - shownBytes)} more bytes; --json has them all`)
  return lines.join('\n')
}
