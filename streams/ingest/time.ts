/** Numbers below are seconds since the epoch (up to the year 5138), those above milliseconds (from 1973 on). */
const secondsBelow = 1e11
/** Numbers from here on are microseconds (from 1973 on). */
const millisecondsBelow = 1e14

const pattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?(Z|UTC|[+-]\d\d:?\d\d))?)?$/i

/**
 * Reads a time: milliseconds since the epoch, or undefined where the value is none.
 * - ISO 8601, or the same with a blank for the T and before the offset: `2015-02-24 11:35:52 -0800`. A time
 *   without an offset is UTC: what a row says must not depend on the machine that reads it.
 * - seconds, milliseconds or microseconds since the epoch, as a number or in digits; by their magnitude
 */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === 'number') return fromEpoch(value)
  if (typeof value !== 'string') return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction, offset] =
    pattern.exec(value) ?? []
  if (year === undefined) return /^\d+(\.\d+)?$/.test(value) ? fromEpoch(Number(value)) : undefined
  const inRange = Number(hour) < 24 && Number(minute) < 60 && Number(second) <= 60
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day))
  const isDay = new Date(midnight).getUTCDate() === Number(day) && Number(month) >= 1 && Number(month) <= 12
  if (!inRange || !isDay) return undefined
  const ms = fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, '0'))
  return (
    midnight + (Number(hour) * 60 + Number(minute)) * 60_000 + Number(second) * 1000 + ms - offsetMs(offset)
  )
}

function fromEpoch(value: number): number | undefined {
  if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) return undefined
  if (value >= millisecondsBelow) return Math.floor(value / 1000)
  return Math.round(value < secondsBelow ? value * 1000 : value)
}

function offsetMs(offset: string | undefined): number {
  if (offset === undefined || !/\d/.test(offset)) return 0
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2))
  return (offset.startsWith('-') ? -minutes : minutes) * 60_000
}
