import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { airlinePosts, languageSets } from '../../bench/language-sets.ts'
import reference from './fixtures/ids.json' with { type: 'json' }
import { wordPiece } from './wordpiece.ts'

const data = '../shared/data'
const languages = ['en', 'zh'] as const
const tokeniserOf = (language: 'en' | 'zh') => wordPiece(readFileSync(`models/${language}/vocab.txt`, 'utf8'))

/** SHA-256 over all ids of all texts below, by models/recipe/reference_ids.py. */
const digests = {
  en: '0447b985752205abb10cea8170cf64e9471c4a5ab35ef097123151d36ea15b12',
  zh: 'f83547d66730179129125b4f8a69cf629856dfc519d722379189d56dc4c00a9a',
}

describe.each(languages)('the words of "%s"', (language) => {
  const tokeniser = tokeniserOf(language)
  const target = new Int32Array(128)
  const idsOf = (text: string): number[] => [...target.subarray(0, tokeniser.write(text, target))]

  test.each(reference.texts.map((text, at) => [text, at] as const))(
    '%j has the ids of the reference',
    (text, at) => {
      expect(idsOf(text)).toEqual(reference[language][at])
    },
  )

  test('halves of surrogate pairs are dropped', () => {
    expect(idsOf('a\ud800 b\udc00')).toEqual(idsOf('a b'))
  })

  test('tokens that only the model may write are words like others where people write them', () => {
    const [first, last] = [idsOf('')[0], idsOf('')[1]]
    const inside = idsOf('[CLS] [SEP]').slice(1, -1)
    expect(inside).not.toContain(first)
    expect(inside).not.toContain(last)
  })

  test('a text of 100,000 characters is read up to the limit', () => {
    expect(idsOf('order '.repeat(17_000))).toHaveLength(128)
    expect(idsOf('订单'.repeat(50_000))).toHaveLength(128)
  })

  test.skipIf(!existsSync(data))(
    'all texts of the public data sets have the ids of the reference (skipped where there is no ../shared/data)',
    () => {
      const hash = createHash('sha256')
      const sets = languageSets(data, Number.POSITIVE_INFINITY).flatMap((read) => {
        const { train, validation, test } = read()
        return [...train, ...validation, ...test]
      })
      for (const { text } of [...sets, ...(airlinePosts(data) ?? [])])
        hash.update(target.subarray(0, tokeniser.write(text, target)))
      expect(hash.digest('hex')).toBe(digests[language])
    },
  )
})

test('a vocabulary that was cut short is refused', () => {
  expect(() => wordPiece('[PAD]\n[UNK]\n')).toThrow('has no "[CLS]"')
})
