import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../schemas/root.ts'

const pom = join(packageRoot(), 'servers', 'pom.xml')
const cache = join(packageRoot(), 'node_modules', '.cache', 'murmur')

/** One folder for each content of the pom: another version of Kafka is fetched anew. */
const folder = () =>
  join(cache, `kafka-${createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12)}`)

export const haveJars = (): boolean => existsSync(folder())

/** Under the lock, which the kernel frees when its holder dies. Only a whole folder ever gets the name. */
const fetch = `
  [ -d "$3" ] && exit
  rm -rf "$2/half" && mvn -q -B -f "$1" dependency:copy-dependencies -DoutputDirectory="$2/half" && mv "$2/half" "$3"`

/**
 * The folder of Kafka's jars. Maven fetches them once; processes that ask together wait for the first.
 * @throws Error with what Maven says
 */
export async function kafkaJars(): Promise<string> {
  const jars = folder()
  if (haveJars()) return jars
  mkdirSync(cache, { recursive: true })
  try {
    await promisify(execFile)('flock', [join(cache, 'lock'), 'sh', '-c', fetch, 'sh', pom, cache, jars])
    return jars
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string }
    throw new Error(`Maven could not fetch Kafka (${pom}):\n${(stdout + stderr).slice(-4000)}`, { cause })
  }
}
