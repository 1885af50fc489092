const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A length of time as people write it: "500ms", "30s", "15m", "72h", "7d". */
export type Duration = `${number}${keyof typeof units}`

/** @throws where the text isn't a duration */
export function milliseconds(duration: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration) ?? []
  if (amount === undefined)
    throw new RangeError(`"${duration}" is not a duration: write a number and ms, s, m, h or d`)
  return Number(amount) * units[unit as keyof typeof units]
}
