import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runningPipeline } from '../cli/running.ts'
import { packageRoot } from '../schemas/root.ts'
import { type Block, type Page, pages } from './pages.ts'

// Runs every `sh` block of the documentation as a reader would: in a clone, beside a pipeline that runs there.

const murmur = join(packageRoot(), 'dist', 'murmur.js')
const home = mkdtempSync(join(tmpdir(), 'murmur-docs-'))
/** What a reader has: the clone, and the data sets beside it. */
const clone = join(home, 'main')
const tweets = join(home, 'shared', 'data', 'replay', 'airline-tweets')
const { MURMUR_PROCESS: _orders, ...environment } = process.env

let pipeline: ChildProcess
let address: string

beforeAll(async () => {
  cpSync(join(packageRoot(), 'examples'), join(clone, 'examples'), { recursive: true })
  symlinkSync(join(packageRoot(), 'node_modules'), join(clone, 'node_modules'))
  mkdirSync(tweets, { recursive: true })
  writeFileSync(join(tweets, 'tweets.jsonl'), someTweets)
  pipeline = spawn(process.execPath, [murmur, 'start', '--no-feed', '--port', '0'], {
    cwd: clone,
    env: environment,
    stdio: 'ignore',
  })
  address = await ready()
})

afterAll(async () => {
  if (pipeline.exitCode === null) {
    const ended = new Promise((resolve) => pipeline.once('exit', resolve))
    pipeline.kill('SIGTERM')
    await ended
  }
  rmSync(home, { recursive: true })
})

/** Rows of the shape of the public data set, invented. */
const someTweets = ['the crew was lovely, thank you!', 'my bag is lost AGAIN, worst airline ever', 'gate B4?']
  .map((text, index) => ({ id: index % 2, user: `u${index}`, time: `2015-02-1${index}T08:00:00Z`, text }))
  .map((tweet) => `${JSON.stringify({ ...tweet, airline: 'Larkspur Air' })}\n`)
  .join('')

async function ready(): Promise<string> {
  for (;;) {
    if (pipeline.exitCode !== null) throw new Error(`the pipeline ended with exit code ${pipeline.exitCode}`)
    const found = runningPipeline(join(clone, 'data'))?.address
    if (found && (await fetch(`${found}/readyz`)).ok) return found
    await sleep(50)
  }
}

/** `npx murmur` without the second that npx takes, and curl with an exit code that tells of a refusal. */
const prelude = `
set -euo pipefail
npx() { shift; command node ${murmur} "$@"; }
curl() { command curl --silent --show-error --fail-with-body --write-out '\\n' "$@"; }
`

/** Runs a block; what it prints, on both streams. A command that doesn't end fails, like any other fault. */
function run({ text, line }: Block): Promise<string> {
  const script = prelude + text.replaceAll('http://127.0.0.1:8080', address)
  return new Promise((resolve, reject) => {
    const options = { cwd: clone, env: environment, timeout: 120_000 }
    execFile('bash', ['-c', script], options, (error, out, err) =>
      error ? reject(new Error(`line ${line}: ${error.message}\n${out}\n${err}`)) : resolve(out + err),
    )
  })
}

/** A line of a `text` block; "…" stands for what differs each time. */
const pattern = (line: string): RegExp =>
  new RegExp(
    `^${line
      .split('…')
      .map((part) => part.replaceAll(/[.*+?^$|()[\]{}\\]/g, '\\$&'))
      .join('.*')}$`,
    'm',
  )

async function check({ blocks }: Page): Promise<void> {
  for (const [index, block] of blocks.entries()) {
    if (block.language !== 'sh') continue
    const printed = await run(block)
    const shown = blocks[index + 1]
    if (shown?.language !== 'text') continue
    for (const line of shown.text.trimEnd().split('\n')) expect(printed).toMatch(pattern(line.trimEnd()))
  }
}

const withCommands = pages().filter(({ blocks }) => blocks.some(({ language }) => language === 'sh'))

// Side by side, because most of the time a command waits; the blocks of a page come one after the other
test.concurrent.each(withCommands)('the commands of $path', check, 240_000)
