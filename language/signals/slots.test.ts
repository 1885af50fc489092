import { describe, expect, it } from 'vitest'
import { type SlotSetting, type Slots, slotLearner } from './slots.ts'

const at = Date.parse('2025-03-05T12:00:00Z')

/** What is learnt of a text, with a user's own slots or with the built-in ones alone. */
const learn = (text: string, own: readonly SlotSetting[] = [], known: Slots = {}): Slots =>
  slotLearner(own)(known, text, at)

const found: [string, Slots][] = [
  ['my order number is A-20931', { order_number: 'A-20931' }],
  ['Order #1002003 has not arrived', { order_number: '1002003' }],
  ['where is #88231-b?', { order_number: '88231-B' }],
  ['order no. xk4451 please', { order_number: 'XK4451' }],
  ['我的订单号是20250301123456', { order_number: '20250301123456' }],
  ['订单:DD889900,还没到', { order_number: 'DD889900' }],
  ['call me at +44 20 7946 0958', { phone: '+442079460958' }],
  ['my number is (555) 123-4567.', { phone: '+15551234567' }],
  ['555-123-4567', { phone: '+15551234567' }],
  ['手机13812345678', { phone: '+8613812345678' }],
  ['打010-12345678或者', { phone: '+861012345678' }],
  ['打400-123-4567', { phone: '4001234567' }],
  ['write to Anna.B+shop@mail.example.org, please', { email: 'anna.b+shop@mail.example.org' }],
  ['邮箱是li@mail.example', { email: 'li@mail.example' }],
  ['you charged me $1,299.00 twice', { amount: 'USD 1299.00' }],
  ['from $1200, or so', { amount: 'USD 1200.00' }],
  ['HK$ 80 or NT$90', { amount: 'TWD 90.00' }],
  ['it was 20 euros', { amount: 'EUR 20.00' }],
  ['it was £12.5', { amount: 'GBP 12.50' }],
  ['扣了我199.5元', { amount: 'CNY 199.50' }],
  ['¥ 35 也太贵了', { amount: 'CNY 35.00' }],
  ['花了1.5万元', { amount: 'CNY 15000.00' }],
  ['since 2025-03-01', { date: '2025-03-01' }],
  ['by the 21st of June', { date: '2025-06-21' }],
  ['can it come tomorrow?', { date: '2025-03-06' }],
  ['2025年3月1日下的单', { date: '2025-03-01' }],
  ['下周一送来', { date: '2025-03-10' }],
  [
    'order 77812, paid 45 USD on 2 May, reach me at a@b.example',
    { order_number: '77812', amount: 'USD 45.00', date: '2025-05-02', email: 'a@b.example' },
  ],
]

describe('a session learns', () => {
  it.each(found)('%s', (text, slots) => {
    expect(learn(text)).toEqual(slots)
  })

  it.each([
    'you answer 24/7, right?',
    '@shop_42 is great',
    'I waited 2 hours and may wait 3 more',
    'flight 1133 to gate C12',
    'more at #mon3yBack and #summer2024sale',
    'in order to 1 up them',
    'version 1.2.3',
    '&#1234;',
    'on the 30th of February, 2025-13-45',
    'no digits at all',
    '',
  ])('nothing from: %s', (text) => {
    expect(learn(text)).toEqual({})
  })

  it('the last of several: people correct themselves', () => {
    expect(learn('order 11111, sorry, order 22222')).toEqual({ order_number: '22222' })
  })

  it('more than it knew, and leaves the old record as it was', () => {
    const known = { order_number: '11111' }
    expect(learn('it cost $5', [], known)).toEqual({ order_number: '11111', amount: 'USD 5.00' })
    expect(learn('no, order 22222', [], known)).toEqual({ order_number: '22222' })
    expect(known).toEqual({ order_number: '11111' })
    expect(learn('order 11111', [], known)).toBe(known)
    expect(learn('hello', [], known)).toBe(known)
  })
})

describe('slots of a user’s own', () => {
  const sku = { name: 'sku', pattern: '(?i)\\bsku[- ]?(\\d{4,8})\\b' }
  const product = {
    name: 'product',
    list: { 'Bolt Kettle': ['bolt', 'kettle', '电水壶'], Nova: ['nova 2', '新星'] },
  }

  it('are found by pattern: the group, or the whole', () => {
    expect(learn('return SKU-12345, no: sku 98765', [sku])).toEqual({ sku: '98765' })
    expect(learn('return SKU-12345', [{ ...sku, group: 0 }])).toEqual({ sku: 'SKU-12345' })
    expect(learn('店铺 上海三店', [{ name: 'shop', pattern: '\\p{Han}{2}[一二三]店' }])).toEqual({
      shop: '上海三店',
    })
    expect(learn('nothing of the kind', [sku])).toEqual({})
  })

  it('are found by list, in either language, under the name that the list gives', () => {
    expect(learn('the KETTLE leaks', [product])).toEqual({ product: 'Bolt Kettle' })
    expect(learn('不是电水壶，是新星', [product])).toEqual({ product: 'Nova' })
    expect(learn('bolt kettle', [product])).toEqual({ product: 'Bolt Kettle' })
    expect(learn('kettles and boltons', [product])).toEqual({})
  })

  it.each([
    ['upper', 'ab-1', 'AB-1'],
    ['lower', 'Ab-1', 'ab-1'],
    ['digits', '12 34-5', '12345'],
    ['date', '下周一', '2025-03-10'],
    ['money', '12.5 euros', 'EUR 12.50'],
    ['phone', '+44 20 7946', '+44207946'],
  ] as const)('are normalised: %s', (normalise, text, value) => {
    expect(learn(text, [{ name: 'own', pattern: '^.+$', normalise }]).own).toBe(value)
  })

  it.each(['date', 'money', 'phone', 'digits'] as const)(
    'are not learnt where they are no %s',
    (normalise) => {
      expect(learn('abc', [{ name: 'own', pattern: '^.+$', normalise }]).own).toBeUndefined()
    },
  )

  it('take the place of a built-in one of that name, and stay short', () => {
    const own = [{ name: 'order_number', pattern: 'LK\\w+' }]
    expect(learn('order 12345 is LK99', own)).toEqual({ order_number: 'LK99' })
    expect(learn(`LK${'9'.repeat(1000)}`, own).order_number).toHaveLength(200)
  })
})

describe('whatever is written', () => {
  const hostile = [
    '1-'.repeat(4000),
    `${'a.'.repeat(4000)}@`,
    `order ${'#'.repeat(8000)}1`,
    '1'.repeat(8000),
    `${'a'.repeat(8000)}!`,
    '一'.repeat(8000),
    'next '.repeat(2000),
    '$'.repeat(100_000),
    '😡'.repeat(4000),
    `\ud83d${'\udc00'.repeat(4000)}`,
    'أين طلبي؟ '.repeat(500),
    'const a = [1, 2].map((x) => x * 2) // '.repeat(200),
  ]

  it('is read in time', () => {
    const start = performance.now()
    for (const text of hostile) learn(text)
    expect(performance.now() - start).toBeLessThan(500)
  })

  it.each(['(a+)+$', '(a|aa)*b', '(.*a){10}x', 'a.*?b|a', '(1|1-)+$'])(
    'so too with the pattern %s',
    (pattern) => {
      const start = performance.now()
      for (const text of hostile) learn(text, [{ name: 'own', pattern }])
      expect(performance.now() - start).toBeLessThan(3000)
    },
  )
})
