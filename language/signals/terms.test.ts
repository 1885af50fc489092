import { describe, expect, it } from 'vitest'
import { termsOf } from './terms.ts'

/** What is found in a text, as it stands there. */
function found(terms: readonly string[], text: string): string[] {
  const hits: string[] = []
  termsOf(terms.map((term) => [term, term] as const)).each(text, (_, start, end) =>
    hits.push(text.slice(start, end)),
  )
  return hits
}

describe('terms', () => {
  it('are whole words, in whatever case', () => {
    expect(found(['app'], 'The APP, my app: not apple, nor happy')).toEqual(['APP', 'app'])
  })

  it('with a star have any ending', () => {
    expect(found(['deliver*'], 'Delivered? The delivery! deliver; redeliver')).toEqual([
      'Delivered',
      'delivery',
      'deliver',
    ])
  })

  it('may be phrases, Chinese words and emoji', () => {
    expect(found(['customer service', '快递', '😡'], 'Customer service 说快递丢了😡')).toEqual([
      'Customer service',
      '快递',
      '😡',
    ])
    expect(found(['快递'], 'ask快递员today')).toEqual(['快递'])
  })

  it('need no apostrophes', () => {
    for (const text of ["I can't wait", 'I can’t wait', 'i cant wait'])
      expect(found(["can't wait"], text)).toHaveLength(1)
  })

  it('that are longest count, and the next one is looked for behind', () => {
    expect(found(['急', '不急', 'right', 'right now'], '不急 right now 急')).toEqual([
      '不急',
      'right now',
      '急',
    ])
    expect(found(['right now please'], 'right now')).toEqual([])
  })

  it('of two meanings have the last', () => {
    const meanings: number[] = []
    const entries = [
      ['ASAP', 1],
      ['asap', 2],
    ] as const
    termsOf(entries).each('Asap!', (meaning) => meanings.push(meaning))
    expect(meanings).toEqual([2])
  })

  it('stay quick, however many there are', () => {
    const names = Array.from({ length: 20_000 }, (_, i) => `product ${i}`)
    const terms = termsOf(names.map((name, index) => [name, index] as const))
    const start = performance.now()
    let count = 0
    for (let i = 0; i < 10; i++) terms.each(`${'product '.repeat(12_500)}7`, () => count++)
    expect(count).toBe(10)
    expect(performance.now() - start).toBeLessThan(1000)
  })
})
