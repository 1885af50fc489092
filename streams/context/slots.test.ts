import { describe, expect, it } from 'vitest'
import { learn } from './slots.ts'

const found: [string, Record<string, string>][] = [
  ['my order number is A-20931', { order_number: 'A-20931' }],
  ['Order #1002003 has not arrived', { order_number: '1002003' }],
  ['where is #88231-B?', { order_number: '88231-B' }],
  ['order no. XK4451 please', { order_number: 'XK4451' }],
  ['我的订单号是20250301123456', { order_number: '20250301123456' }],
  ['订单:DD889900,还没到', { order_number: 'DD889900' }],
  ['call me at +44 20 7946 0958', { phone: '+44 20 7946 0958' }],
  ['my number is (555) 123-4567.', { phone: '(555) 123-4567' }],
  ['555-123-4567', { phone: '555-123-4567' }],
  ['手机13812345678', { phone: '13812345678' }],
  ['打010-12345678或者', { phone: '010-12345678' }],
  ['write to Anna.B+shop@mail.example.org, please', { email: 'Anna.B+shop@mail.example.org' }],
  ['邮箱是li@mail.example', { email: 'li@mail.example' }],
  ['you charged me $1,299.00 twice', { amount: '$1,299.00' }],
  ['from $1200, or so', { amount: '$1200' }],
  ['it was 20 euros', { amount: '20 euros' }],
  ['扣了我199.5元', { amount: '199.5元' }],
  ['¥ 35 也太贵了', { amount: '¥ 35' }],
  ['since 2025-03-01', { date: '2025-03-01' }],
  ['on March 3rd, 2025 already', { date: 'March 3rd, 2025' }],
  ['by the 21st of June', { date: '21st of June' }],
  ['delivered 03/04/2025', { date: '03/04/2025' }],
  ['2025年3月1日下的单', { date: '2025年3月1日' }],
  ['5月20号之前', { date: '5月20号' }],
  [
    'order 77812, paid 45 USD on 2 May, reach me at a@b.example',
    { order_number: '77812', amount: '45 USD', date: '2 May', email: 'a@b.example' },
  ],
]

describe('learn', () => {
  it.each(found)('%s', (text, slots) => {
    expect(learn({}, text)).toEqual(slots)
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
    'no digits at all',
    '',
  ])('learns nothing from: %s', (text) => {
    expect(learn({}, text)).toEqual({})
  })

  it('takes the last of several: people correct themselves', () => {
    expect(learn({}, 'order 11111, sorry, order 22222')).toEqual({ order_number: '22222' })
  })

  it('adds to what is known, overwrites it, and leaves the old record as it was', () => {
    const known = { order_number: '11111' }
    expect(learn(known, 'it cost $5')).toEqual({ order_number: '11111', amount: '$5' })
    expect(learn(known, 'no, order 22222')).toEqual({ order_number: '22222' })
    expect(known).toEqual({ order_number: '11111' })
    expect(learn(known, 'order 11111')).toBe(known)
    expect(learn(known, 'hello')).toBe(known)
  })

  it('stays quick on hostile text', () => {
    const start = performance.now()
    for (const text of [
      '1-'.repeat(4000),
      `${'a.'.repeat(4000)}@`,
      `order ${'#'.repeat(8000)}1`,
      '1'.repeat(8000),
    ])
      learn({}, text)
    expect(performance.now() - start).toBeLessThan(500)
  })
})
