import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Whether the system finds the program by its name alone. */
function hasProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/**
 * What is missing and how to get it; undefined if nothing is.
 * @param packages the Debian package of each program
 */
export function missing(server: string, packages: Readonly<Record<string, string>>): string | undefined {
  const absent = Object.keys(packages).filter((program) => !hasProgram(program))
  if (absent.length === 0) return undefined
  const names = [...new Set(absent.map((program) => packages[program]))].join(' ')
  return `${server} needs ${absent.join(', ')}: apt-get install -y --no-install-recommends ${names}`
}
