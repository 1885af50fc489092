import { existsSync, readFileSync } from 'node:fs'
import { table } from '../cli/output.ts'
import type { Figure } from './machine.ts'

/** What one run of a suite gave. */
export interface Report {
  readonly suite: string
  readonly command: string
  readonly machine: string
  readonly about: string
  readonly figures: readonly Figure[]
}

const intro = `# Speed and memory

Every figure on this page was measured and written by \`npm run bench -- --write\`; none was typed by hand. Each part
names the command that repeats it and the machine that it ran on, with its load before: beside other work, times are
longer and throughput is less, while CPU seconds hardly change. The last column says what Murmur promises, and where it
falls short. The processes' own figures come from Linux's \`/proc\`.
`

/** For a terminal. */
export function textOf({ suite, command, machine, figures }: Report): string {
  const tables = [...groups(figures)].map(([group, rows]) => `${group}\n${table(rows)}`)
  return [`${suite} · ${command} · ${machine}`, ...tables].join('\n\n')
}

/**
 * The page, with the suites that just ran in place of what it said of them before.
 * @param file the page as it is; it may be missing
 */
export function pageWith(file: string, reports: readonly Report[]): string {
  const before = existsSync(file)
    ? readFileSync(file, 'utf8')
        .split(/^(?=## )/m)
        .slice(1)
    : []
  const sections = new Map(before.map((section) => [section.slice(3, section.indexOf('\n')), section]))
  for (const report of reports) sections.set(report.suite, sectionOf(report))
  return [intro, ...sections.values()].map((part) => `${part.trimEnd()}\n`).join('\n')
}

function sectionOf({ suite, command, machine, about, figures }: Report): string {
  const head = `## ${suite}\n\n${about}\n\n\`${command}\` on ${machine}`
  const tables = [...groups(figures)].map(([group, rows]) => {
    const lines = rows.map(
      ({ figure, value, unit, promised }) => `| ${figure} | ${value} | ${unit} | ${promised} |`,
    )
    return [`| ${group} | | | promised |`, '|---|---:|---|---|', ...lines].join('\n')
  })
  return [head, ...tables].join('\n\n')
}

interface Row extends Record<string, string> {
  readonly figure: string
  readonly value: string
  readonly unit: string
  readonly promised: string
}

/** Rows under the part of their names before the colon. */
function groups(figures: readonly Figure[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>()
  for (const { name, value, unit, ...promise } of figures) {
    const [group = '', figure = ''] = name.split(/: (.*)/s)
    const row = { figure, value: format(value), unit, promised: verdict(value, promise) }
    found.set(group, [...(found.get(group) ?? []), row])
  }
  return found
}

const format = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 })

function verdict(value: number, { atLeast, atMost }: Pick<Figure, 'atLeast' | 'atMost'>): string {
  if (atLeast !== undefined)
    return `≥ ${atLeast.toLocaleString('en')}: ${value >= atLeast ? 'kept' : 'MISSED'}`
  if (atMost !== undefined) return `≤ ${atMost.toLocaleString('en')}: ${value <= atMost ? 'kept' : 'MISSED'}`
  return ''
}
