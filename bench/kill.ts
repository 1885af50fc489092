import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killRun } from './kill/run.ts'
import { machine } from './machine.ts'

/** `npm run bench:kill -- [kills] [seed]`: prints what was killed, and every difference; exits with 1 if there is one. */
const kills = Number(process.argv[2] ?? 200)
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000)
const folder = mkdtempSync(join(tmpdir(), 'murmur-kill-'))

console.log(machine())
console.log(`${kills} kills, seed ${seed}`)
const report = await killRun({
  folder,
  kills,
  seed,
  rate: 1000,
  maxGapMs: 1500,
  onKill: (victim, number) => process.stderr.write(`\r${number}/${kills} ${victim.padEnd(12)}`),
})
process.stderr.write('\n')
console.log(JSON.stringify(report, undefined, 2))
const wrong = Object.entries(report.verdict).filter(([, count]) => count > 0)
console.log(
  wrong.length === 0
    ? 'exact: nothing missing, nothing double, nothing wrong'
    : `NOT exact; the seed ${seed} repeats the run`,
)
rmSync(folder, { recursive: true })
process.exitCode = wrong.length === 0 ? 0 : 1
