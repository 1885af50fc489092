import { datePattern } from './date-pattern.ts'
import { numberOf, yearOf } from './han-numbers.ts'
import { day, relativeDate } from './relative-dates.ts'

/** When something was said, and where its speaker's days begin. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly at: number
  /** An IANA name such as Asia/Shanghai. */
  readonly timezone: string
}

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')

/**
 * The day that is meant, as ISO 8601 has it (2025-03-01); undefined: there is no such day. What lacks a year is of the
 * year that brings it nearest. With slashes the month comes first where both readings are days, with dots the day. Weeks
 * begin on Monday: "next Friday" and 下周五 are of the week after this one.
 */
export function isoDate(written: string, moment: Moment): string | undefined {
  const [, date] = [...written.matchAll(datePattern)].at(-1) ?? []
  if (date === undefined) return undefined
  const today = dayOf(moment)
  const text = date.toLowerCase().replaceAll(/(\d)(?:st|nd|rd|th)\b/g, '$1')
  const meant = new Date(absolute(text, today) ?? relativeDate(text, today) ?? Number.NaN)
  // Of an event whose own time is out of this world nothing is told
  const iso = Number.isNaN(meant.getTime()) ? '' : meant.toISOString()
  return /^\d{4}-/.test(iso) ? iso.slice(0, 10) : undefined
}

/** Midnight, as UTC counts it, of the day that it is for the speaker. */
function dayOf({ at, timezone }: Moment): number {
  if (timezone === 'UTC') return at - (((at % day) + day) % day)
  // Swedes write dates as ISO 8601 has them
  return Date.parse(new Date(at).toLocaleDateString('sv-SE', { timeZone: timezone }))
}

function absolute(text: string, today: number): number | undefined {
  const ymd = /^(\d{4})[-/](\d+)[-/](\d+)$/.exec(text)
  if (ymd) return dateOf(Number(ymd[1]), Number(ymd[2]), Number(ymd[3]))
  const [, first, mark, second, last] = /^(\d+)([/.])(\d+)[/.](\d{4})$/.exec(text) ?? []
  if (first !== undefined) {
    const [one, two, year] = [Number(first), Number(second), Number(last)]
    return mark === '/' && one <= 12 ? dateOf(year, one, two) : dateOf(year, two, one)
  }
  const han = /^(?:(.{4})年)?(.+)月(.+)[日号號]$/.exec(text)
  if (han)
    return near(
      today,
      han[1] === undefined ? undefined : yearOf(han[1]),
      numberOf(han[2]!),
      numberOf(han[3]!),
    )
  const name = /[a-z]{3,}/.exec(text.replace(' of ', ' '))?.[0]
  const [dayOfMonth, year] = (text.match(/\d+/g) ?? []).map(Number)
  const at = months.indexOf(name?.slice(0, 3) ?? '') + 1
  return at === 0 || dayOfMonth === undefined ? undefined : near(today, year, at, dayOfMonth)
}

function near(
  today: number,
  year: number | undefined,
  month: number,
  dayOfMonth: number,
): number | undefined {
  if (year !== undefined) return dateOf(year, month, dayOfMonth)
  const here = new Date(today).getUTCFullYear()
  let best: number | undefined
  for (const one of [here - 1, here, here + 1]) {
    const date = dateOf(one, month, dayOfMonth)
    if (date !== undefined && (best === undefined || Math.abs(date - today) < Math.abs(best - today)))
      best = date
  }
  return best
}

function dateOf(year: number, month: number, dayOfMonth: number): number | undefined {
  const date = new Date(Date.UTC(year, month - 1, dayOfMonth))
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === dayOfMonth
  return exists ? date.getTime() : undefined
}
