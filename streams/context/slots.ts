/** What a session can learn from a text. Each value stands as it was written, blanks around it trimmed. */
type Slot = 'order_number' | 'phone' | 'email' | 'amount' | 'date'

const month =
  '(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\\.?'
const mostlyDigits = '(?=[A-Z-]{0,6}\\d)[A-Z0-9][A-Z0-9-]{2,30}[A-Z0-9]'

const number = '(?:\\d{1,3}(?:,\\d{3})+|\\d{1,12})(?:\\.\\d{1,2})?'

/**
 * By slot a cheap cue, without which the pattern can't match, and the pattern, whose group is the value. Of
 * several matches the last counts: people correct themselves.
 */
const patterns: readonly (readonly [Slot, RegExp, RegExp])[] = [
  [
    'order_number',
    /order|[单單编編#]/i,
    new RegExp(
      `(?:\\border(?:\\s*(?:number|no\\.?|nr\\.?|id|code))?|订单(?:编号|号码|号)?|單號|单号|編號|编号)(?:\\s*(?:is|was|[:#是为為]))*\\s*(${mostlyDigits})(?![A-Z0-9])|(?<![\\w&])#([A-Z]{0,3}-?\\d[\\d-]{1,20}\\d(?:-?[A-Z]{1,2})?)(?![A-Z0-9])`,
      'gi',
    ),
  ],
  [
    'phone',
    /\d{3}/,
    /(?<![\w.+-])(\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,4}\d{2,4}|1[3-9]\d{9}|0\d{2,3}-\d{7,8}|400-\d{3}-\d{4}|(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4})(?![\w-])/g,
  ],
  ['email', /\w@\w/, /(?<![\w.+-])([\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24})(?![\w-])/gi],
  [
    'amount',
    /\d/,
    new RegExp(
      `((?:US|HK|NT)?[$€£¥]\\s?${number}|${number}\\s?(?:(?:dollars?|euros?|pounds?|yuan|usd|eur|gbp|cny|rmb)(?![a-z])|元|块|人民币|美元|欧元|英镑))`,
      'gi',
    ),
  ],
  [
    'date',
    /\d/,
    new RegExp(
      `(?<![\\d/.-])(\\d{4}-\\d{1,2}-\\d{1,2}|\\d{1,2}[/.]\\d{1,2}[/.]\\d{4}|(?:\\d{4}年)?\\d{1,2}月\\d{1,2}[日号號]|\\d{1,2}(?:st|nd|rd|th)?\\s(?:of\\s)?${month}(?:,?\\s\\d{4})?|${month}\\s\\d{1,2}(?:st|nd|rd|th)?(?:,?\\s\\d{4})?)(?![\\d/-])`,
      'g',
    ),
  ],
]

/**
 * Finds order numbers, phone numbers, e-mail addresses, amounts of money and dates, in English and Chinese.
 * Returns `known` itself where the text adds nothing.
 */
export function learn(
  known: Readonly<Record<string, string>>,
  text: string,
): Readonly<Record<string, string>> {
  if (!/[\d@]/.test(text)) return known
  let learnt: Record<string, string> | undefined
  for (const [slot, cue, pattern] of patterns) {
    if (!cue.test(text) || text.search(pattern) < 0) continue
    let value: string | undefined
    for (const match of text.matchAll(pattern)) value = match[1] ?? match[2]
    if (value !== undefined && value !== known[slot]) {
      learnt ??= { ...known }
      learnt[slot] = value.trim()
    }
  }
  return learnt ?? known
}
