import { appendFile, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where ClickHouse keeps its tables: a folder of parts each, with what it remembers of inserted blocks. */
const memory = 'deduplication_logs'

/** More than are ever being inserted at once. */
const lastEntries = 256

const added = '1'
const dropped = '2'

interface Part {
  readonly partition: string
  readonly first: number
  readonly last: number
}

/**
 * Makes the tables forget blocks that they never got. ClickHouse notes a block's token before it puts the block's
 * part in place. Killed between the two, it would take the repeated block for one that it has, and drop it. (Seen
 * with 26.7; a replicated table does both in one step.)
 *
 * To be called while no process has the folder open.
 * @param data the engine's folder; nothing happens where there is none
 */
export async function forgetUnfinished(data: string): Promise<void> {
  const store = join(data, 'store')
  for (const group of await namesIn(store)) {
    for (const table of await namesIn(join(store, group))) await forgetIn(join(store, group, table))
  }
}

async function forgetIn(table: string): Promise<void> {
  const names = await namesIn(table)
  if (!names.includes(memory)) return
  const logs = (await namesIn(join(table, memory))).sort((a, b) => numberIn(a) - numberIn(b))
  const newest = logs.at(-1)
  if (newest === undefined) return
  const texts = await Promise.all(logs.slice(-2).map((log) => readFile(join(table, memory, log), 'utf8')))
  const parts = names.map(partOf)
  const lost = texts
    .flatMap((text) => text.split('\n'))
    .slice(-lastEntries)
    .map((line) => line.split('\t'))
    .filter(([kind, name]) => kind === added && name !== undefined && !covered(partOf(name), parts))
  const lines = lost.map(([, ...rest]) => `${[dropped, ...rest].join('\t')}\n`)
  if (lines.length > 0) await appendFile(join(table, memory, newest), lines.join(''))
}

/** Whether the part is there, or what it was merged into. */
const covered = (part: Part | undefined, parts: readonly (Part | undefined)[]): boolean =>
  part === undefined ||
  parts.some((one) => one?.partition === part.partition && one.first <= part.first && one.last >= part.last)

/** `202601_3_7_1`; undefined for anything else in a table's folder, such as a part that is not in place yet. */
function partOf(name: string): Part | undefined {
  const [, partition, first, last] = /^(?!tmp_|delete_tmp_)(.+?)_(\d+)_(\d+)_\d+(?:_\d+)?$/.exec(name) ?? []
  return partition === undefined ? undefined : { partition, first: Number(first), last: Number(last) }
}

const numberIn = (log: string): number => Number(/\d+/.exec(log)?.[0])

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => [])
