// Every check that a change must pass, cheapest first.
import { spawnSync } from 'node:child_process'

const checks = [
  ['format and lint', 'node_modules/@biomejs/biome/bin/biome', 'check', '.'],
  ['unused code', 'node_modules/knip/bin/knip.js'],
  ['generated files', 'dist/schemas/generate.js', '--check'],
  ['generated pages', 'dist/docs/generate.js', '--check'],
  ['tests', 'node_modules/vitest/vitest.mjs', 'run', '--coverage', ...process.argv.slice(2)],
]

for (const [title, ...command] of checks) {
  console.error(`\nmurmur: ${title}`)
  const { status } = spawnSync(process.execPath, command, { stdio: 'inherit' })
  if (status !== 0) {
    console.error(`murmur: ${title} failed`)
    process.exit(status ?? 1)
  }
}
