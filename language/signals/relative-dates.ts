import { numberOf } from './han-numbers.ts'

/** In milliseconds. */
export const day = 86_400_000

const weekdays = 'mon tue wed thu fri sat sun'.split(' ')
const hanWeekdays = '一二三四五六日'

const fixed: readonly (readonly [RegExp, number])[] = [
  [/after tomorrow|^[后後]天/, 2],
  [/before yesterday|^前天/, -2],
  [/^大[后後]天/, 3],
  [/^大前天/, -3],
  [/tomorrow|^明/, 1],
  [/yesterday|^昨/, -1],
  [/today|tonight|^今/, 0],
]

const words = ['', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', '', '', 'ten']

/**
 * The day, as milliseconds, that words such as "tomorrow", "next friday" or 三天后 mean.
 * @param text in lower case
 * @param today midnight of the day on which it was said
 */
export function relativeDate(text: string, today: number): number | undefined {
  const offset = fixed.find(([pattern]) => pattern.test(text))
  if (offset) return today + offset[1] * day
  const counted = /(\d+|[a-z]+) (day|week)/.exec(text.replace(/^in /, ''))
  if (counted) {
    const amount = /^\d/.test(counted[1]!) ? Number(counted[1]) : Math.max(1, words.indexOf(counted[1]!))
    return today + amount * (counted[2] === 'week' ? 7 : 1) * (text.includes('ago') ? -1 : 1) * day
  }
  const han = /^(.+?)(天|个?[周週星礼禮][期拜]?)(?:以|之)?([后後前])$/.exec(text)
  if (han) return today + numberOf(han[1]!) * (han[2] === '天' ? 1 : 7) * (han[3] === '前' ? -1 : 1) * day
  return byWeekday(text, today)
}

function byWeekday(text: string, today: number): number | undefined {
  const monday = today - ((new Date(today).getUTCDay() + 6) % 7) * day
  const last = text.at(-1)!.replace('天', '日')
  if (/[周週期拜]/.test(text)) {
    const weeks = text.split('下').length - text.split('上').length
    return monday + (hanWeekdays.indexOf(last) + 7 * weeks) * day
  }
  const [how, name = ''] = text.split(' ')
  const index = weekdays.indexOf(name.slice(0, 3))
  if (index < 0) return undefined
  const inThisWeek = monday + index * day
  if (how === 'this') return inThisWeek
  if (how === 'next') return inThisWeek + 7 * day
  if (how === 'last' || how === 'since') return inThisWeek < today ? inThisWeek : inThisWeek - 7 * day
  return inThisWeek >= today ? inThisWeek : inThisWeek + 7 * day
}
