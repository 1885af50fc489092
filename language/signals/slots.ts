import { dateCue, datePattern } from './date-pattern.ts'
import { type Normalisation, normalise } from './normalise.ts'
import { slotPattern } from './patterns.ts'
import { termsOf } from './terms.ts'

/** A slot of a user's own: by pattern, or by a list of what there is. One with a built-in name replaces that. */
export interface SlotSetting {
  readonly name: string
  /** RE2 syntax. */
  readonly pattern?: string | undefined
  /** The group of the pattern that is the value. */
  readonly group?: number | undefined
  readonly normalise?: Normalisation | undefined
  /** By value the terms that stand for it. */
  readonly list?: Readonly<Record<string, readonly string[]>> | undefined
}

export type Slots = Readonly<Record<string, string>>

/** What a session knows once a text was said; `known` itself where the text adds nothing. */
export type Learn = (known: Slots, text: string, at: number) => Slots

/** Finds a slot's value as it is written. */
type Find = (text: string) => string | undefined

interface Slot {
  readonly name: string
  readonly normalise: Normalisation | undefined
  readonly find: Find
}

/** A value that a user's pattern or list gives is cut: sessions stay small. */
const mostValue = 200

const mostlyDigits = '(?=[A-Z-]{0,6}\\d)[A-Z0-9][A-Z0-9-]{2,30}[A-Z0-9]'
const number = '(?:\\d{1,3}(?:,\\d{3})+|\\d{1,12})(?:\\.\\d{1,2})?'

/**
 * By slot a cheap cue, without which the pattern can't match, and the pattern, whose group is the value. Of
 * several matches the last counts: people correct themselves.
 */
const builtIn: readonly (readonly [name: string, how: Normalisation, cue: RegExp, pattern: RegExp])[] = [
  [
    'order_number',
    'upper',
    /order|[单單编編#]/i,
    new RegExp(
      `(?:\\border(?:\\s*(?:number|no\\.?|nr\\.?|id|code))?|订单(?:编号|号码|号)?|單號|单号|編號|编号)(?:\\s*(?:is|was|[:#是为為]))*\\s*(${mostlyDigits})(?![A-Z0-9])|(?<![\\w&])#([A-Z]{0,3}-?\\d[\\d-]{1,20}\\d(?:-?[A-Z]{1,2})?)(?![A-Z0-9])`,
      'gi',
    ),
  ],
  [
    'phone',
    'phone',
    /\d{3}/,
    /(?<![\w.+-])(\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,4}\d{2,4}|1[3-9]\d{9}|0\d{2,3}-\d{7,8}|400-\d{3}-\d{4}|(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4})(?![\w-])/g,
  ],
  ['email', 'lower', /\w@\w/, /(?<![\w.+-])([\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24})(?![\w-])/gi],
  [
    'amount',
    'money',
    /\d/,
    new RegExp(
      `((?:US|HK|NT)?[$€£¥]\\s?${number}|${number}\\s?(?:(?:dollars?|euros?|pounds?|yuan|usd|eur|gbp|cny|rmb)(?![a-z])|万?(?:元|块|人民币|美元|欧元|英镑)))`,
      'gi',
    ),
  ],
  ['date', 'date', dateCue, datePattern],
]

/** Without one of these no built-in pattern can match: most texts are through with one look. */
const anyCue = new RegExp(`@|${dateCue.source}`)

/**
 * Makes what finds slots in English and Chinese texts: order numbers, phone numbers, e-mail addresses, amounts of money
 * and dates, and a user's own. Values are normalised; what can't be is not learnt.
 * @param timezone where the days of the speakers begin: an IANA name
 * @throws where a pattern can't be used
 */
export function slotLearner(own: readonly SlotSetting[] = [], timezone = 'UTC'): Learn {
  const names = new Set(own.map(({ name }) => name))
  const ours: Slot[] = builtIn
    .filter(([name]) => !names.has(name))
    .map(([name, how, cue, pattern]) => ({ name, normalise: how, find: lastOf(cue, pattern) }))
  const theirs = own.map(
    (setting): Slot => ({ name: setting.name, normalise: setting.normalise, find: ownFinder(setting) }),
  )
  const all = [...ours, ...theirs]
  return (known, text, at) => {
    let learnt: Record<string, string> | undefined
    for (const { name, normalise: how, find } of anyCue.test(text) ? all : theirs) {
      const written = find(text)?.trim()
      const value = written && normalise(written, how, { at, timezone })
      if (!value || value === known[name]) continue
      learnt ??= { ...known }
      learnt[name] = value
    }
    return learnt ?? known
  }
}

const lastOf =
  (cue: RegExp, pattern: RegExp): Find =>
  (text) => {
    if (!cue.test(text) || text.search(pattern) < 0) return undefined
    let value: string | undefined
    for (const match of text.matchAll(pattern)) value = match[1] ?? match[2]
    return value
  }

function ownFinder({ pattern, group, list = {} }: SlotSetting): Find {
  if (pattern !== undefined) {
    const compiled = slotPattern(pattern, group)
    return (text) => compiled.last(text)?.slice(0, mostValue)
  }
  const terms = termsOf(
    Object.entries(list).flatMap(([value, written]) =>
      [value, ...written].map((term) => [term, value] as const),
    ),
  )
  return (text) => {
    let value: string | undefined
    terms.each(text, (canonical) => {
      value = canonical.slice(0, mostValue)
    })
    return value
  }
}
