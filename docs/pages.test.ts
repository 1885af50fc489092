import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packageRoot } from '../schemas/root.ts'
import { pages } from './pages.ts'

const read = (path: string): string => readFileSync(join(packageRoot(), path), 'utf8')

/** What GitHub makes of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')

const anchorsIn = (path: string): string[] =>
  [...read(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading))

/** `sh` runs as a test; `console` is for what doesn't end, or differs each time; `text` is what `sh` prints. */
const languages = ['sh', 'text', 'console', 'ts', 'json', 'yaml', 'mermaid']

describe.each(pages())('$path', ({ path, prose, blocks }) => {
  test('its links lead somewhere', () => {
    const broken = [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^(https?|mailto):/.test(link))
      .filter((link) => {
        const [file = '', anchor] = link.split('#')
        const target = file === '' ? path : join(dirname(path), file)
        if (!existsSync(join(packageRoot(), target))) return true
        return anchor !== undefined && !anchorsIn(target).includes(anchor)
      })
    expect(broken).toEqual([])
  })

  test('its blocks are of kinds that readers and tests know', () => {
    expect(blocks.filter(({ language }) => !languages.includes(language))).toEqual([])
  })

  test('its TypeScript stands in files that are compiled and tested', () => {
    const strange = blocks
      .filter(({ language }) => language === 'ts')
      .filter(({ file, text }) => file === undefined || !read(file).includes(text))
    expect(strange).toEqual([])
  })
})
