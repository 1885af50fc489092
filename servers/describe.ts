import { describe, vi } from 'vitest'

/** Milliseconds; three brokers at once take 20 seconds on a busy machine. */
const startMs = 90_000

/**
 * A suite that needs a real server. Where its programs are missing, it is skipped with a line that says how to get
 * them; with CI set it fails, as nobody reads that line there.
 * @param missing `kafkaMissing` or `redisMissing`
 */
export function describeWith(missing: () => string | undefined, name: string, suite: () => void): void {
  const remedy = missing()
  if (remedy === undefined) {
    vi.setConfig({ testTimeout: startMs, hookTimeout: startMs })
    describe(name, suite)
    return
  }
  if (process.env.CI) throw new Error(`${name}: ${remedy}`)
  console.warn(`skipped: ${name}. ${remedy}`)
  describe.skip(name, suite)
}
