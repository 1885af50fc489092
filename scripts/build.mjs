// Compiles the project into dist/.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'

const run = (...args) => {
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

run('node_modules/typescript/bin/tsc', '-p', '.')

// npm links the commands of dependencies, but not the package's own: with this, `npx murmur` works in a clone
const link = 'node_modules/.bin/murmur'
chmodSync('dist/murmur.js', 0o755)
mkdirSync('node_modules/.bin', { recursive: true })
rmSync(link, { force: true })
symlinkSync('../../dist/murmur.js', link)
