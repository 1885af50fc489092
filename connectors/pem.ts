import { readFileSync } from 'node:fs'
import { ConnectorError } from './errors.ts'

/**
 * Reads a certificate or key that a setting names.
 * @param key the setting
 * @throws MISCONFIGURED
 */
export function readPem(key: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConnectorError('MISCONFIGURED', `${key}: ${(cause as Error).message}; name a PEM file`, {
      cause,
    })
  }
}
