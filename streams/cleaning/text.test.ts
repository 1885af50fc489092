import { describe, expect, it } from 'vitest'
import { cut, normalise, redact } from './text.ts'

describe('normalise', () => {
  it.each([
    ['leaves plain text alone', "It's 5 o'clock.", "It's 5 o'clock."],
    ['collapses white space', '  two\t\r\nlines \u00a0 here\u3000 ', 'two lines here'],
    ['turns the line ends of old systems to blanks', 'a\u0085b\u2028c\vd', 'a b c d'],
    ['decodes entities', 'fish &amp; chips &lt;3 &#128512; caf&eacute;', 'fish & chips <3 😀 café'],
    ['leaves what only looks like an entity', 'AT&T &nosuch; ?a=1&lt=3', 'AT&T &nosuch; ?a=1&lt=3'],
    ['removes controls, also those that entities hide', 'a\u0000b\u001b\u007fc\u009f&#8203;d', 'abcd'],
    ['removes zero-width and direction marks', 'ze\u200bro\u200c\u2060\ufeff\u00ad\u200e\u202e', 'zero'],
    ['folds compatibility forms', 'ﬁne ① ㎏ Ｈｅｌｌｏ，１２３！', 'fine 1 kg Hello,123!'],
    ['composes accents', 'cafe\u0301', 'café'],
    ['keeps the joiner within emoji', '👩🏽‍💻 👨‍👩‍👧 🏳️‍🌈', '👩🏽‍💻 👨‍👩‍👧 🏳️‍🌈'],
    ['removes a joiner elsewhere', 'a\u200db 👍\u200d \u200d👍', 'ab 👍 👍'],
    [
      'keeps the tags of a flag',
      '🏴\u{e0067}\u{e0062}\u{e0065}\u{e007f}',
      '🏴\u{e0067}\u{e0062}\u{e0065}\u{e007f}',
    ],
    ['removes tags elsewhere, which hide text', 'hi\u{e0068}\u{e0069}', 'hi'],
    ['has nothing left of what says nothing', ' \u200b\u0000\n', ''],
    ['is empty for nothing', '', ''],
  ])('%s', (_, text, clean) => {
    expect(normalise(text)).toBe(clean)
    expect(normalise(clean)).toBe(clean)
  })

  it('keeps full-width forms on request, and folds everything else', () => {
    expect(normalise('Ｈｅｌｌｏ，１２３！ ① ok', 'keep')).toBe('Ｈｅｌｌｏ，１２３！ 1 ok')
  })
})

describe('redact', () => {
  const text = 'see https://shop.example/a?b=1, @anna 👍🏽 or www.shop.example'

  it('takes out what it is told to', () => {
    expect(redact(text, 'remove', 'keep', 'keep')).toBe('see @anna 👍🏽 or')
    expect(redact(text, 'keep', 'remove', 'keep')).toBe(
      'see https://shop.example/a?b=1, 👍🏽 or www.shop.example',
    )
    expect(redact(text, 'remove', 'remove', 'remove')).toBe('see or')
  })

  it('names what stood there', () => {
    expect(redact(text, 'placeholder', 'placeholder', 'placeholder')).toBe(
      'see <url> <user> <emoji> or <url>',
    )
  })

  it('ends a link before Chinese punctuation, and takes no e-mail address for a mention', () => {
    expect(redact('看http://t.example/x，很好', 'placeholder', 'keep', 'keep')).toBe(
      '看 <url> ,很好'.replace(',', '，'),
    )
    expect(redact('write to a@b.example or @小明', 'keep', 'placeholder', 'keep')).toBe(
      'write to a@b.example or <user>',
    )
  })

  it.each(['👨‍👩‍👧', '🇩🇪', '1️⃣', '❤️', '🏴\u{e0067}\u{e0062}\u{e0065}\u{e007f}', '😡😡😡'])(
    'takes %s for one emoji',
    (emoji) => {
      expect(redact(`a ${emoji} b`, 'keep', 'keep', 'placeholder')).toBe('a <emoji> b')
    },
  )

  it('leaves a text without any of them as it is', () => {
    expect(redact('nothing here, 1 #2 ©', 'remove', 'remove', 'keep')).toBe('nothing here, 1 #2 ©')
    expect(redact('nothing here', 'remove', 'remove', 'remove')).toBe('nothing here')
  })
})

describe('cut', () => {
  it('leaves what fits', () => {
    expect(cut('12345', 5)).toBe('12345')
  })

  it('cuts between graphemes', () => {
    expect(cut('abcdef', 4)).toBe('abcd')
    expect(cut('ab👨‍👩‍👧cd', 6)).toBe('ab')
    expect(cut('ab 👍🏽', 5)).toBe('ab')
    expect(cut('很好很好', 2)).toBe('很好')
  })

  it('cuts a grapheme longer than the limit between characters', () => {
    const giant = `a${'\u0301'.repeat(100)}`
    expect(cut(giant, 10)).toHaveLength(10)
    expect(cut('👨‍👩‍👧', 4)).toBe('👨‍')
  })
})
