import { describe, expect, it } from 'vitest'
import { datePattern } from './date-pattern.ts'
import { isoDate } from './dates.ts'

/** Wednesday. */
const at = Date.parse('2025-03-05T12:00:00Z')

/** The date of a text, however it is written. */
function date(text: string, timezone = 'UTC', when = at): string | undefined {
  const [, written] = [...text.matchAll(datePattern)].at(-1) ?? []
  return written === undefined ? undefined : isoDate(written, { at: when, timezone })
}

describe('a date', () => {
  it.each([
    ['since 2025-03-01', '2025-03-01'],
    ['since 2025/3/1', '2025-03-01'],
    ['on March 3rd, 2024 already', '2024-03-03'],
    ['by the 21st of June', '2025-06-21'],
    ['on 2 May', '2025-05-02'],
    ['ordered on Dec. 24', '2024-12-24'],
    ['delivered 03/04/2025', '2025-03-04'],
    ['delivered 13/04/2025', '2025-04-13'],
    ['delivered 3.4.2025', '2025-04-03'],
    ['2025年3月1日下的单', '2025-03-01'],
    ['5月20号之前', '2025-05-20'],
    ['三月五号到', '2025-03-05'],
    ['十二月二十四日', '2024-12-24'],
    ['二〇二四年十月一日', '2024-10-01'],
  ])('of the calendar: %s → %s', (text, iso) => {
    expect(date(text)).toBe(iso)
  })

  it.each([
    ['can it come tomorrow?', '2025-03-06'],
    ['Today please', '2025-03-05'],
    ['it said yesterday', '2025-03-04'],
    ['the day after tomorrow', '2025-03-07'],
    ['the day before yesterday', '2025-03-03'],
    ['in 3 days', '2025-03-08'],
    ['in a week', '2025-03-12'],
    ['two weeks ago', '2025-02-19'],
    ['next Monday', '2025-03-10'],
    ['next friday', '2025-03-14'],
    ['this Friday', '2025-03-07'],
    ['last Friday', '2025-02-28'],
    ['since Wednesday', '2025-02-26'],
    ['by Wednesday', '2025-03-05'],
    ['before Monday', '2025-03-10'],
    ['明天能到吗', '2025-03-06'],
    ['昨晚付的款', '2025-03-04'],
    ['大后天', '2025-03-08'],
    ['前天', '2025-03-03'],
    ['大前天', '2025-03-02'],
    ['下周一', '2025-03-10'],
    ['下下周一', '2025-03-17'],
    ['上个星期天', '2025-03-02'],
    ['本周五之前', '2025-03-07'],
    ['下礼拜天', '2025-03-16'],
    ['三天后', '2025-03-08'],
    ['两周之前', '2025-02-19'],
    ['10天前', '2025-02-23'],
  ])('told from when it was said: %s → %s', (text, iso) => {
    expect(date(text)).toBe(iso)
  })

  it('is of the year that is nearest', () => {
    expect(date('December 28th', 'UTC', Date.parse('2025-01-02T00:00:00Z'))).toBe('2024-12-28')
    expect(date('1月2日', 'UTC', Date.parse('2024-12-30T00:00:00Z'))).toBe('2025-01-02')
  })

  it('is of the day that it is where the speaker is', () => {
    const evening = Date.parse('2025-03-05T23:30:00Z')
    expect(date('今天', 'UTC', evening)).toBe('2025-03-05')
    expect(date('今天', 'Asia/Shanghai', evening)).toBe('2025-03-06')
    expect(date('tomorrow', 'America/New_York', Date.parse('2025-03-06T02:00:00Z'))).toBe('2025-03-06')
  })

  it('is not told of an event out of all time', () => {
    expect(date('明天', 'UTC', 8.64e15)).toBeUndefined()
    expect(date('tomorrow', 'Asia/Shanghai', 1e18)).toBeUndefined()
    expect(date('2025-03-01', 'UTC', -1e18)).toBe('2025-03-01')
  })

  it.each(['2025-13-45', '30 February', '2月30日', '31/31/2025', '99.1.2025'])('is none: %s', (text) => {
    expect(date(text)).toBeUndefined()
  })

  it.each(['on Monday', 'I may wait', '周一', 'every day', 'a day', '2 hours ago', '24/7'])(
    'is not told: %s',
    (text) => {
      expect(date(text)).toBeUndefined()
    },
  )
})
