import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../schemas/root.ts'

/** A page of the documentation, cut into what its tests look at. */
export interface Page {
  /** Path from the project's folder. */
  readonly path: string
  /** Without its fenced blocks. */
  readonly prose: string
  readonly blocks: readonly Block[]
}

/** A fenced block. */
export interface Block {
  /** The first word after the fence: sh, ts, text … */
  readonly language: string
  /** The second one: for `ts`, the file that the block stands in. */
  readonly file: string | undefined
  /** Line of the page on which the fence opens, from 1. */
  readonly line: number
  readonly text: string
}

const folders = ['.', 'docs', 'examples', 'examples/stages']

/** Every page, the README first. */
export const pages = (): readonly Page[] =>
  folders.flatMap((folder) =>
    readdirSync(join(packageRoot(), folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => readPage(join(folder, name))),
  )

const fenced = /^```(\S*)[ \t]*(\S*)\n(.*?)^```$/gms

function readPage(path: string): Page {
  const text = readFileSync(join(packageRoot(), path), 'utf8')
  const blocks = [...text.matchAll(fenced)].map(([, language = '', file, content = ''], index, all) => ({
    language,
    file: file || undefined,
    line: text.slice(0, all[index]?.index).split('\n').length,
    text: content,
  }))
  return { path, prose: text.replaceAll(fenced, ''), blocks }
}
