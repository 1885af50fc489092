import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../schemas/root.ts'

/** What a version is used for: to answer, or to be compared with what answers. */
export type Use = 'current' | 'shadow'

/** What ships: taught from language/examples when the project is built. */
export const shipped = (): string => join(packageRoot(), 'dist', 'models')

/** The file that names the version in use; whoever runs with this folder follows it. */
export const fileOf = (folder: string, use: Use): string => join(folder, use)

/** The version in use; undefined where there is none. */
export function versionIn(folder: string, use: Use): string | undefined {
  const file = fileOf(folder, use)
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
  return text === '' ? undefined : text
}

/** Puts a version into use, or none; at once, so that nobody reads half of it. */
export function useVersion(folder: string, version: string | undefined, use: Use = 'current'): void {
  const draft = `${fileOf(folder, use)}.${process.pid}`
  writeFileSync(draft, version === undefined ? '' : `${version}\n`)
  renameSync(draft, fileOf(folder, use))
}

/** The versions in a folder, the newest first. */
export function versionsIn(folder: string): readonly { readonly version: string; readonly at: Date }[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /^[0-9a-f]{12}$/.test(name))
    .map((version) => ({ version, at: statSync(join(folder, version, 'model.json')).mtime }))
    .sort((a, b) => b.at.getTime() - a.at.getTime())
}
