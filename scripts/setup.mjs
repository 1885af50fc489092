// Installs, builds and teaches what has changed since the last time, and nothing else.
// `npm start` and `npm test` run it first, so that a fresh clone needs no other command.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const skipped = new Set(['node_modules', 'dist', 'coverage', 'data', '.git'])

/** Every file that the build reads, with size and time: enough to notice any edit, in milliseconds. */
function sources(folder, found = []) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name)) sources(path, found)
    } else if (/\.(ts|avsc|ya?ml)$|tsconfig\.json$|^manifest\.json$/.test(entry.name)) {
      const { mtimeMs, size } = statSync(path)
      found.push(`${path} ${size} ${mtimeMs}`)
    }
  }
  return found
}

const fingerprint = (text) => createHash('sha256').update(text).digest('hex')

/** Runs the step unless the stamp, in the folder of what it makes, says that it was done for exactly this input. */
function unlessDone(stamp, input, title, command, args) {
  const wanted = fingerprint(input)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  rmSync(stamp, { force: true })
  console.error(`murmur: ${title} …`)
  const { status } = spawnSync(command, args, {
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    console.error(`murmur: ${title} failed; see above`)
    process.exit(status ?? 1)
  }
  mkdirSync(join(stamp, '..'), { recursive: true })
  writeFileSync(stamp, wanted)
}

// `npm ci` would be stricter, but it refuses a lockfile that lacks optional packages of some other platform
const lock = readFileSync('package-lock.json', 'utf8')
unlessDone('node_modules/.murmur-installed', lock + process.version, 'installing the packages', 'npm', [
  'install',
  '--no-save',
  '--no-audit',
  '--no-fund',
])
unlessDone('dist/.murmur-built', lock + sources('.').join('\n'), 'building', process.execPath, [
  'scripts/build.mjs',
])
// Only what teaching depends on: it takes half a minute
const lessons = [...sources('language'), ...sources('models')].filter((line) => !/\.test\.ts /.test(line))
unlessDone(
  'dist/models/.murmur-taught',
  lessons.join('\n'),
  'teaching the intents that ship',
  process.execPath,
  ['dist/murmur.js', 'language', 'train', '--out', 'dist/models'],
)
