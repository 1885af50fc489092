import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Certificate } from './certificate.ts'
import { host } from './ports.ts'

/** Sends a command to the server at the port, and returns what redis-cli prints. */
export type RedisCli = (port: number, ...command: string[]) => Promise<string>

export function redisCli(tls?: Certificate, password?: string): RedisCli {
  const secure = tls ? ['--tls', '--cacert', tls.certificate] : []
  const known = password === undefined ? [] : ['-a', password, '--no-auth-warning']
  return async (port, ...command) => {
    const args = ['-h', host, '-p', String(port), ...secure, ...known, ...command]
    const { stdout } = await promisify(execFile)('redis-cli', args)
    return stdout
  }
}

/**
 * Waits until the answer of each server fits.
 * @throws Error with the last answer, after 30 seconds
 */
export async function until(
  cli: RedisCli,
  ports: readonly number[],
  command: readonly string[],
  fits: RegExp,
): Promise<void> {
  const deadline = Date.now() + 30_000
  for (const port of ports) {
    for (;;) {
      const answer = await cli(port, ...command)
      if (fits.test(answer)) break
      if (Date.now() > deadline) throw new Error(`redis at ${port}: ${command.join(' ')} says\n${answer}`)
      await sleep(50)
    }
  }
}
