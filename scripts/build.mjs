// Compiles the project into dist/ and trains the shipped language model from its YAML examples.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const run = (...args) => {
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

run('node_modules/typescript/bin/tsc', '-p', '.')
if (existsSync('dist/language/train.js')) run('dist/language/train.js')
