import { describe, expect, it } from 'vitest'
import { distance, simhash } from './simhash.ts'

const vocabulary =
  'the order parcel arrived late broken again please refund my money where is driver never called thank you support agent was very kind blue shirt size wrong battery screen phone cancel subscription price too high login code does not work today'.split(
    ' ',
  )
const han = '我的订单还没有到请问什么时候可以退款客服态度很好谢谢快递坏了想换一个颜色尺码不对屏幕电池'

/** A small generator with a seed, so that a failure repeats (Mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const words = (next: (below: number) => number, count: number): string[] =>
  Array.from({ length: count }, () => vocabulary[next(vocabulary.length)] as string)

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

describe('simhash', () => {
  it('is an exact integer of 52 bits, the same for the same text', () => {
    const next = random(1)
    for (let i = 0; i < 500; i++) {
      const text = words(next, 1 + next(40)).join(' ')
      const fingerprint = simhash(text)
      expect(Number.isSafeInteger(fingerprint)).toBe(true)
      expect(fingerprint).toBeGreaterThanOrEqual(0)
      expect(fingerprint).toBeLessThan(2 ** 52)
      expect(simhash(text)).toBe(fingerprint)
    }
  })

  it('uses all 52 bits, each about half of the time', () => {
    const next = random(2)
    const set = new Array<number>(52).fill(0)
    for (let i = 0; i < 2000; i++) {
      const fingerprint = BigInt(simhash(words(next, 9).join(' ')))
      for (let bit = 0; bit < 52; bit++)
        if ((fingerprint >> BigInt(bit)) & 1n) set[bit] = (set[bit] as number) + 1
    }
    for (const count of set) expect(count / 2000).toSatisfy((share: number) => share > 0.35 && share < 0.65)
  })

  it('differs in few bits for near-duplicates and in about half of them for different texts', () => {
    const next = random(3)
    const near: number[] = []
    const far: number[] = []
    for (let i = 0; i < 400; i++) {
      const text = words(next, 30)
      const changed = text.with(next(30), 'surprise')
      near.push(distance(simhash(text.join(' ')), simhash(changed.join(' '))))
      far.push(distance(simhash(text.join(' ')), simhash(words(next, 30).join(' '))))
    }
    expect(mean(near)).toBeLessThan(10)
    expect(mean(far)).toBeGreaterThan(20)
    expect(mean(far)).toBeLessThan(30)
  })

  it('sees Han characters as words', () => {
    const next = random(4)
    const near: number[] = []
    const far: number[] = []
    const sentence = () => Array.from({ length: 30 }, () => han[next(han.length)] as string)
    for (let i = 0; i < 400; i++) {
      const text = sentence()
      near.push(distance(simhash(text.join('')), simhash(text.with(next(30), '龙').join(''))))
      far.push(distance(simhash(text.join('')), simhash(sentence().join(''))))
    }
    expect(mean(near)).toBeLessThan(10)
    expect(mean(far)).toBeGreaterThan(20)
  })

  it.each([
    ['case', 'Where is MY order', 'where is my order'],
    ['punctuation', 'Where is my order?!', 'where, is my order'],
    ['blanks between words', 'my order', '  my   order '],
  ])('does not see %s', (_, one, other) => {
    expect(simhash(one)).toBe(simhash(other))
  })

  it('sees the order of words, and single words', () => {
    expect(simhash('dog bites man')).not.toBe(simhash('man bites dog'))
    expect(simhash('yes')).not.toBe(simhash('no'))
    expect(simhash('好')).not.toBe(simhash('坏'))
    expect(simhash('👍')).not.toBe(simhash('👎'))
  })

  it('is 0 for a text without words', () => {
    expect(simhash('')).toBe(0)
    expect(simhash('?! …')).toBe(0)
  })

  it('is the majority: a pair that makes up most of a text is its fingerprint, however long the text', () => {
    const pair = simhash('again again again')
    for (const times of [10, 1000, 20_000]) expect(simhash('again '.repeat(times))).toBe(pair)
  })
})

describe('distance', () => {
  it('counts the bits that differ', () => {
    expect(distance(0, 0)).toBe(0)
    expect(distance(0, 2 ** 52 - 1)).toBe(52)
    expect(distance(2 ** 51, 1)).toBe(2)
    expect(distance(0b1011 * 2 ** 26, 0b0001 * 2 ** 26)).toBe(2)
  })
})
