import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Figure } from './machine.ts'
import { pageWith, type Report, textOf } from './page.ts'

const report = (suite: string, figures: readonly Figure[]): Report => ({
  suite,
  command: `npm run bench -- ${suite}`,
  machine: 'a machine',
  about: `About ${suite}.`,
  figures,
})

const slow = report('speed', [
  { name: 'posts: to row', value: 12_345.6, unit: 'utterances/s', atLeast: 40_000 },
  { name: 'posts: memory', value: 512, unit: 'MiB', atMost: 1024 },
  { name: 'chats: to row', value: 41_000, unit: 'utterances/s' },
])

describe('the page of figures', () => {
  let folder: string
  let file: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'murmur-page-'))
    file = join(folder, 'performance.md')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('groups figures by what stands before the colon, and says which promise is kept', () => {
    const page = pageWith(file, [slow])
    expect(page).toContain('| posts | | | promised |')
    expect(page).toContain('| to row | 12,300 | utterances/s | ≥ 40,000: MISSED |')
    expect(page).toContain('| memory | 512 | MiB | ≤ 1,024: kept |')
    expect(page).toContain('| chats | | | promised |')
    expect(page).toContain('`npm run bench -- speed` on a machine')
  })

  it('replaces what it said of a suite before, and keeps the others', () => {
    writeFileSync(file, pageWith(file, [slow, report('idle', [{ name: 'idle: all', value: 1, unit: '%' }])]))
    const page = pageWith(file, [report('speed', [{ name: 'posts: to row', value: 50_000, unit: 'rows/s' }])])
    expect(page).toContain('| to row | 50,000 | rows/s |')
    expect(page).not.toContain('MISSED')
    expect(page.match(/^## .*/gm)).toEqual(['## speed', '## idle'])
    expect(page).toContain('| all | 1 | % |')
  })

  it('stays as it is where nothing was measured anew', () => {
    const page = pageWith(file, [slow])
    writeFileSync(file, page)
    expect(pageWith(file, [])).toBe(page)
  })

  it('prints the same for a terminal', () => {
    expect(textOf(slow)).toMatch(/posts\nfigure.*\n.*\nto row +12,300 +utterances\/s +≥ 40,000: MISSED/)
  })
})
