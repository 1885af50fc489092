import { isoDate, type Moment } from './dates.ts'

/** Ways to write a value so that two writings of one thing are the same. */
export const normalisations = ['upper', 'lower', 'digits', 'date', 'money', 'phone'] as const

export type Normalisation = (typeof normalisations)[number]

/** The value as it is kept; undefined: it is none of its kind, such as the 30th of February. */
export function normalise(value: string, how: Normalisation | undefined, moment: Moment): string | undefined {
  switch (how) {
    case 'upper':
      return value.toUpperCase()
    case 'lower':
      return value.toLowerCase()
    case 'digits':
      return value.replaceAll(/\D/g, '') || undefined
    case 'date':
      return isoDate(value, moment)
    case 'money':
      return money(value)
    case 'phone':
      return phone(value)
    case undefined:
      return value
  }
}

/** By what a currency is called the code that ISO 4217 has for it; the first that is found counts. */
const currencies: readonly (readonly [RegExp, string])[] = [
  [/hk\$|hkd|港[元币]/i, 'HKD'],
  [/nt\$|twd|台币/i, 'TWD'],
  [/€|eur|欧元/i, 'EUR'],
  [/£|gbp|pound|英镑/i, 'GBP'],
  [/\$|usd|dollar|美元/i, 'USD'],
  [/¥|cny|rmb|yuan|元|块|人民币/i, 'CNY'],
]

/** "$1,299" → "USD 1299.00", "20 euros" → "EUR 20.00", "1.5万元" → "CNY 15000.00" */
function money(value: string): string | undefined {
  const amount = Number(/\d[\d,]*(?:\.\d+)?/.exec(value)?.[0].replaceAll(',', ''))
  const currency = currencies.find(([name]) => name.test(value))?.[1]
  if (currency === undefined || Number.isNaN(amount)) return undefined
  return `${currency} ${(value.includes('万') ? 10_000 * amount : amount).toFixed(2)}`
}

/**
 * With the country's code where the number says its country (E.164): by "+", or by a form that only China or North
 * America has. Else the digits alone.
 */
function phone(value: string): string | undefined {
  const digits = value.replaceAll(/\D/g, '')
  if (digits.length < 5 || digits.length > 15) return undefined
  if (value.trim().startsWith('+')) return `+${digits}`
  if (/^1[3-9]\d{9}$/.test(digits)) return `+86${digits}`
  if (/^0\d{2,3}-\d{7,8}$/.test(value)) return `+86${digits.slice(1)}`
  if (/^\(?\d{3}\)?[ .-]+\d{3}[.-]\d{4}$/.test(value) && !digits.startsWith('400')) return `+1${digits}`
  return digits
}
