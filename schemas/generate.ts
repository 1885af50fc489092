import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { catalogue, type EventName, eventNames } from './catalogue.ts'
import { readHistory, readSchema, schemaFolder } from './files.ts'
import { asyncapi } from './generators/asyncapi.ts'
import { clickhouse } from './generators/clickhouse.ts'
import { history } from './generators/history.ts'
import { typescript } from './generators/typescript.ts'

/** The events that have a table, with the field that gives a row its time, those that sort it, and the one that says its shard. */
const tables = [
  { event: 'processed', time: 'occurredAt', order: ['channel', 'occurredAt', 'id'], shard: 'conversation' },
  { event: 'reply', time: 'createdAt', order: ['channel', 'createdAt', 'id'], shard: 'conversation' },
  { event: 'alert', time: 'windowStart', order: ['rule', 'windowStart', 'id'], shard: 'group' },
  { event: 'deadletter', time: 'createdAt', order: ['stage', 'createdAt', 'id'], shard: 'key' },
] as const

const notice = (comment: string) =>
  `${comment} Generated from schemas/*.avsc by \`npm run generate\`. Change those instead.\n\n`

/** Every generated file and its text. The same schemas give the same text. */
export function generate(folder = schemaFolder()): ReadonlyMap<string, string> {
  const events = eventNames.map((event) => [event, readSchema(folder, event)] as const)
  const byName: ReadonlyMap<EventName, (typeof events)[number][1]> = new Map(events)
  const layouts = tables.map(({ event, ...layout }) => ({
    ...layout,
    topic: catalogue[event],
    schema: readSchema(folder, event),
  }))
  const versions = eventNames.flatMap((event) => readHistory(folder, event))
  const { version } = JSON.parse(readFileSync(join(folder, '..', 'package.json'), 'utf8'))
  return new Map([
    ['events.ts', notice('//') + typescript(events)],
    ['history.ts', notice('//') + history(versions, byName)],
    ['clickhouse.ts', notice('//') + clickhouse(layouts)],
    ['asyncapi.yaml', notice('#') + asyncapi(events, version)],
  ])
}

/** The generated files that differ from what the schemas give. */
export const drifted = (folder = schemaFolder()): readonly string[] =>
  [...generate(folder)].flatMap(([name, text]) => (current(folder, name) === text ? [] : [name]))

function current(folder: string, name: string): string | undefined {
  try {
    return readFileSync(join(folder, 'generated', name), 'utf8')
  } catch {
    return undefined
  }
}

/** The program: writes what differs, or with `--check` only names it. Returns the exit code. */
export function run(
  args: readonly string[],
  folder = schemaFolder(),
  say: (line: string) => void = console.error,
): number {
  const names = drifted(folder)
  if (args.includes('--check')) {
    for (const name of names)
      say(`schemas/generated/${name} is not what the schemas give: run \`npm run generate\``)
    return names.length > 0 ? 1 : 0
  }
  const texts = generate(folder)
  for (const name of names) writeFileSync(join(folder, 'generated', name), texts.get(name) as string)
  say(names.length > 0 ? `generated ${names.join(', ')}` : 'nothing to generate')
  return 0
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exitCode = run(process.argv.slice(2))
