import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll } from 'vitest'
import { type Harness, sourceContract } from './contract.ts'
import { csv } from './csv.ts'
import { feed } from './feed.ts'
import { follow } from './follow.ts'
import { jsonl } from './jsonl.ts'
import type { Source } from './source.ts'
import { stdin } from './stdin.ts'

let folder: string
let files = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'murmur-sources-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Harness of a source of files: how a row is written, and one that can't be read. */
function filesOf(
  open: (path: string) => Source,
  lineOf: (text: string, index: number) => string,
  broken: string,
  header: readonly string[] = [],
): Harness {
  const lay = async (lines: readonly string[]) => {
    const path = join(folder, `${files++}.txt`)
    await writeFile(path, [...header, ...lines, ''].join('\n'))
    return () => open(path)
  }
  return {
    given: (texts) => lay(texts.map(lineOf)),
    givenBroken: (texts) => lay(withBroken(texts.map(lineOf), broken)),
  }
}

const withBroken = (lines: readonly string[], broken: string) => [
  ...lines.slice(0, -1),
  broken,
  ...lines.slice(-1),
]
const json = (text: string) => JSON.stringify({ text })
const quoted = (text: string, index: number) => `${index},"${text.replaceAll('"', '""')}"`

sourceContract('a JSONL file', () => filesOf((path) => jsonl({ path }), json, '{"text": "cut sh'))
sourceContract('a CSV file', () =>
  filesOf((path) => csv({ path }), quoted, '7,"closed" too early', ['id,text']),
)
sourceContract('a followed file', () => filesOf((path) => follow({ path }), json, '[1, 2]'))
sourceContract('the feed', () =>
  filesOf(
    (path) => feed({ path, speed: 1000 }),
    (text, index) => JSON.stringify({ text, at: index }),
    '{"text": "when?"}',
  ),
)
sourceContract('standard input', () => {
  const lay = async (lines: readonly string[]) => () =>
    stdin({ input: Readable.from([Buffer.from([...lines, ''].join('\n'))]) })
  return {
    given: (texts) => lay(texts.map(json)),
    givenBroken: (texts) => lay(withBroken(texts.map(json), 'hello')),
  }
})
