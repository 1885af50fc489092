import { describe, expect, test } from 'vitest'
import { buckets, FeatureExtractor, lexiconFeatures, maxFeatures } from './features.ts'
import { Lexicon } from './lexicon.ts'

const extractor = new FeatureExtractor(new Lexicon(['good', 'great', '满意', '不错'], ['bad', 'late', '差']))

function featuresOf(text: string): Set<number> {
  extractor.extract(text)
  return new Set(extractor.ids.subarray(0, extractor.count))
}

const shared = (a: string, b: string): number => {
  const [first, second] = [featuresOf(a), featuresOf(b)]
  return [...first].filter((id) => second.has(id)).length / Math.min(first.size, second.size)
}

/** Which of the lexicon's features a text has: [positive, positive negated, negative, negative negated]. */
const polarities = (text: string): boolean[] => {
  const found = featuresOf(text)
  return [0, 3, 6, 9].map((first) => found.has(lexiconFeatures[first]!))
}

describe('features', () => {
  test('are stable: a model trained today reads the same features tomorrow', () => {
    extractor.extract('Is it late?')
    expect([...extractor.ids.subarray(0, 6)]).toMatchInlineSnapshot(`
      [
        182441,
        81303,
        261639,
        214706,
        86863,
        235400,
      ]
    `)
    extractor.extract('很满意')
    expect([...extractor.ids.subarray(0, extractor.count)]).toMatchInlineSnapshot(`
      [
        223298,
        236486,
        257388,
        240291,
        114951,
        209004,
        152046,
      ]
    `)
  })

  test('are distinct numbers below the number of buckets', () => {
    extractor.extract('the cat and the cat and the cat 好好好好')
    const ids = [...extractor.ids.subarray(0, extractor.count)]
    expect(new Set(ids).size).toBe(ids.length)
    expect(Math.max(...ids)).toBeLessThan(buckets)
  })

  test('ignore case, blanks and apostrophes', () => {
    expect(featuresOf('DON’T  Panic')).toEqual(featuresOf("don't panic"))
    expect(featuresOf("don't panic")).toEqual(featuresOf('dont panic'))
  })

  test('of a word with a typing error are partly those of the word', () => {
    expect(shared('delivery', 'delivrey')).toBeGreaterThan(0.25)
    expect(shared('delivery', 'password')).toBe(0)
  })

  test('know the order of words and of Chinese characters', () => {
    expect(featuresOf('not now')).not.toEqual(featuresOf('now not'))
    expect(featuresOf('上海')).not.toEqual(featuresOf('海上'))
    expect(shared('退款什么时候到账', '我的退款什么时候到')).toBeGreaterThan(0.5)
  })

  test('take an emoji as one symbol', () => {
    expect(featuresOf('😀').size).toBe(1)
    expect(featuresOf('😀')).not.toEqual(featuresOf('😡'))
    expect(featuresOf('\ud83d').size).toBe(1)
  })

  test('of an empty text are none', () => {
    expect(featuresOf('').size).toBe(0)
    expect(featuresOf(' \n\t').size).toBe(0)
  })

  test('are bounded, however long the text', () => {
    const long = Array.from({ length: 20_000 }, (_, i) => `word${i}`).join(' ')
    expect(featuresOf(long).size).toBe(maxFeatures)
    expect(featuresOf('a'.repeat(100_000)).size).toBeLessThan(100)
  })

  test('of a text do not depend on the texts before it, also after thousands', () => {
    const before = featuresOf('where is my parcel')
    for (let i = 0; i < 5000; i++) extractor.extract(`text ${i}`)
    expect(featuresOf('where is my parcel')).toEqual(before)
  })
})

describe('the lexicon', () => {
  test('finds words in both languages', () => {
    expect(polarities('a good day')).toEqual([true, false, false, false])
    expect(polarities('the parcel is late')).toEqual([false, false, true, false])
    expect(polarities('非常满意')).toEqual([true, false, false, false])
    expect(polarities('nothing of the kind')).toEqual([false, false, false, false])
  })

  test('turns a word within three words of a negation, up to the next symbol', () => {
    expect(polarities("isn't very good")).toEqual([false, true, false, false])
    expect(polarities('not bad')).toEqual([false, false, false, true])
    expect(polarities('not what I had thought good')).toEqual([true, false, false, false])
    expect(polarities('no, good')).toEqual([true, false, false, false])
    expect(polarities('不满意')).toEqual([false, true, false, false])
  })

  test('takes the longest Chinese word, and no negation inside it', () => {
    expect(polarities('不错')).toEqual([true, false, false, false])
    expect(polarities('特别满意')).toEqual([true, false, false, false])
  })

  test('folds its entries as texts are folded', () => {
    const folding = new FeatureExtractor(new Lexicon(["Good'Un"], []))
    folding.extract('a GOOD’UN')
    expect([...folding.ids.subarray(0, folding.count)]).toContain(lexiconFeatures[0])
  })

  test('counts to three', () => {
    expect(featuresOf('good great').has(lexiconFeatures[1]!)).toBe(true)
    expect(featuresOf('good good great good good').has(lexiconFeatures[2]!)).toBe(true)
    expect(featuresOf('good').has(lexiconFeatures[1]!)).toBe(false)
  })
})
