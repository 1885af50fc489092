/** What a character is to the tokeniser. */
const kind = { dropped: 0, blank: 1, alone: 2, letter: 3 } as const

/** Words longer than this are unknown as a whole. */
const maxWord = 100
/** Words whose tokens are remembered. */
const cached = 50_000

/** Turns texts into token ids. Not for several texts at once. */
export interface Tokeniser {
  /**
   * Writes the ids of a text, between [CLS] and [SEP], and returns how many there are: at most `target.length`; what comes
   * later in the text is not looked at.
   */
  write(text: string, target: Int32Array): number
}

/**
 * WordPiece as BERT's uncased models have it (Wu et al., 2016; Devlin et al., 2018): controls are dropped, Chinese
 * characters and punctuation stand alone, letters lose their accents and capitals, and the longest known piece comes first.
 * Gives the ids that the reference implementation gives. Halves of surrogate pairs are dropped.
 * @param vocabulary a token a line; its number is its id
 * @throws where one of the tokens that every vocabulary has is missing
 */
export function wordPiece(vocabulary: string): Tokeniser {
  const ids = new Map(
    vocabulary
      // A few tokens are other ends of lines
      .replace(/\n$/, '')
      .split('\n')
      .map((token, id) => [token, id]),
  )
  const special = (token: string): number => {
    const id = ids.get(token)
    if (id !== undefined) return id
    throw new Error(`the vocabulary has no "${token}": it is none of a BERT model, or was cut short`)
  }
  const [unknown, first, last] = [special('[UNK]'), special('[CLS]'), special('[SEP]')]
  /** The tokens of words that have come before: mostly one. */
  const known = new Map<string, number | Int32Array>()

  function tokensOf(word: string): number | Int32Array {
    const whole = ids.get(word)
    if (whole !== undefined) return whole
    const pieces: number[] = []
    if (lengthOf(word) > maxWord) return unknown
    for (let start = 0; start < word.length; ) {
      let end = word.length
      let id: number | undefined
      for (; end > start; end--) {
        id = ids.get(start === 0 ? word.slice(0, end) : `##${word.slice(start, end)}`)
        if (id !== undefined) break
      }
      if (id === undefined) return unknown
      pieces.push(id)
      start = end
    }
    return Int32Array.from(pieces)
  }

  function remembered(word: string): number | Int32Array {
    let tokens = known.get(word)
    if (tokens !== undefined) return tokens
    tokens = tokensOf(word)
    if (known.size >= cached) known.clear()
    // The word is a slice: a copy keeps the text that it came from from being kept
    known.set(Buffer.from(word).toString(), tokens)
    return tokens
  }

  return {
    write(text, target) {
      const room = target.length - 1
      const folded = fold(text)
      const { length } = folded
      let count = 0
      target[count++] = first
      const put = (start: number, end: number): void => {
        const tokens = remembered(folded.slice(start, end))
        if (typeof tokens === 'number') target[count++] = tokens
        else for (let i = 0; i < tokens.length && count < room; i++) target[count++] = tokens[i] as number
      }
      let start = -1
      for (let at = 0; at < length && count < room; at++) {
        const unit = folded.charCodeAt(at)
        const is = kinds[unit] as number
        if (is === kind.letter) {
          if (start < 0) start = at
          continue
        }
        if (start >= 0) {
          put(start, at)
          start = -1
        }
        if (is === kind.alone && count < room) put(at, at + (isHigh(unit) ? 2 : 1))
        if (isHigh(unit)) at++
      }
      if (start >= 0 && count < room) put(start, length)
      target[count++] = last
      return count
    },
  }
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00

/** In characters, not in UTF-16 units. */
function lengthOf(word: string): number {
  if (word.length <= maxWord) return word.length
  let count = 0
  for (const _ of word) count++
  return count
}

const ascii = /^[\t\n\r\x20-\x7e]*$/

/** Lower case, without what is dropped and without accents. */
function fold(text: string): string {
  if (ascii.test(text)) return text.toLowerCase()
  return (
    text
      .replace(droppedCharacters, '')
      .normalize('NFD')
      .replace(accents, '')
      // By itself and not as the end of a word, as the reference has it
      .replaceAll('Σ', 'σ')
      .toLowerCase()
      .replace(/[\u{10000}-\u{10ffff}]/gu, beyond)
  )
}

/** Controls, formats, private characters and halves of pairs; tabs and ends of lines are blanks. */
const droppedCharacters = /[\0\ufffd]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu
const accents = /\p{Mn}/gu

/** Chinese characters, each a word of its own. */
const han =
  /[\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/u
const punctuation = /[!-/:-@[-`{-~]|\p{P}/u

/** By UTF-16 unit. Letters beyond the first plane are written with blanks around where they stand alone. */
const kinds = Uint8Array.from({ length: 0x10000 }, (_, unit) => {
  const character = String.fromCharCode(unit)
  if (/[\s\p{White_Space}]/u.test(character)) return kind.blank
  return han.test(character) || punctuation.test(character) ? kind.alone : kind.letter
})

const beyond = (character: string): string =>
  han.test(character) || punctuation.test(character) ? ` ${character} ` : character
