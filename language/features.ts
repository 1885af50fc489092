import { type Lexicon, maxHanEntry, polarity, seed, step } from './lexicon.ts'

/** Feature ids lie below this power of two (the hashing trick: Weinberger et al., 2009). */
export const buckets = 1 << 18

/** A text has at most so many features; what comes later in it is not looked at. */
export const maxFeatures = 4096

/** Letters of a word that its character n-grams are made of. */
const maxWord = 40
const slots = 2 * maxFeatures
/** Stands before and behind a word, so that n-grams know its ends. */
const space = 0x20
/** A negation reaches so many words, or Chinese characters, on. */
const reach = 3

export const kind = { separator: 0, letter: 1, ideograph: 2, symbol: 3, joiner: 4 } as const

/** What each UTF-16 code unit is to us. Apostrophes join: "don't" and "dont" are one word. */
export const kinds = Uint8Array.from({ length: 0x10000 }, (_, unit) => {
  const character = String.fromCharCode(unit)
  if (character === "'" || character === '’') return kind.joiner
  if (/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]/u.test(character)) return kind.ideograph
  if (/[\p{L}\p{M}\p{N}]/u.test(character)) return kind.letter
  return /[\s\p{Cc}]/u.test(character) ? kind.separator : kind.symbol
})

/** Features of different kinds with the same characters get different ids. */
const salt = {
  word: 0x51ed270b,
  pair: 0x2545f491,
  part: 0x68bc21eb,
  negated: 0x02e5be93,
  lexicon: 0x7feb352d,
}

/** Spreads all bits over the lower ones (the finaliser of MurmurHash3, shortened). */
const bucketOf = (hash: number): number => {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (mixed ^ (mixed >>> 13)) & (buckets - 1)
}

/** Feature of the lexicon: a polarity, negated or not, for the first, second and third such word of a text. */
const lexiconHash = (value: number, negated: boolean, nth: number): number =>
  salt.lexicon ^ Math.imul(value * 8 + (negated ? 4 : 0) + nth, 0x9e3779b1)

export const lexiconFeatures: readonly number[] = [polarity.positive, polarity.negative].flatMap((value) =>
  [false, true].flatMap((negated) => [0, 1, 2].map((nth) => bucketOf(lexiconHash(value, negated, nth)))),
)

/**
 * Turns a text into the set of its features: words and pairs of words, character 3- and 4-grams within words
 * (they bear typing errors), character 1- to 3-grams of Chinese, symbols, words behind a negation, and words
 * of the lexicon. A feature is there or not: counts, inverse document frequencies and 5-grams gained nothing in
 * cross-validation. No string is cut out and nothing is allocated but, where it has capitals, the folded text.
 */
export class FeatureExtractor {
  /** The features of the last text: its first `count` numbers, distinct, each below `buckets`. */
  readonly ids = new Uint32Array(maxFeatures)
  count = 0

  readonly #lexicon: Lexicon
  /** Set of the text's features: the epoch above 20 bits of feature. */
  readonly #seen = new Uint32Array(slots)
  #epoch = 0
  readonly #word = new Uint16Array(maxWord + 2).fill(space)
  readonly #found = new Uint8Array(8)
  /** So many words on are negated. */
  #negatedFor = 0
  /** Where the last Chinese entry of the lexicon ends. */
  #entryEnd = 0

  constructor(lexicon: Lexicon) {
    this.#lexicon = lexicon
  }

  /** Reads a text; `ids` and `count` are its features. */
  extract(text: string): void {
    this.#restart()
    const folded = text.toLowerCase()
    const { length } = folded
    let previous = salt.pair
    for (let at = 0; at < length && this.count < maxFeatures; ) {
      const unit = folded.charCodeAt(at)
      const is = kinds[unit] as number
      if (is === kind.letter) {
        let letters = 0
        let hash = seed
        for (; at < length; at++) {
          const letter = folded.charCodeAt(at)
          const of = kinds[letter] as number
          if (of === kind.joiner) continue
          if (of !== kind.letter) break
          hash = step(hash, letter)
          if (letters < maxWord) this.#word[++letters] = letter
        }
        this.#addWord(hash, previous, letters)
        previous = hash
      } else if (is === kind.ideograph) {
        this.#addHan(folded, at++)
      } else {
        if (is === kind.symbol) at = this.#addSymbol(folded, at, unit)
        at++
      }
    }
  }

  #restart(): void {
    this.count = 0
    this.#negatedFor = 0
    this.#entryEnd = 0
    this.#found.fill(0)
    if (++this.#epoch === 0x1000) {
      this.#seen.fill(0)
      this.#epoch = 1
    }
  }

  #add(hash: number): void {
    const id = bucketOf(hash)
    const entry = ((this.#epoch << 20) | id) >>> 0
    let slot = id & (slots - 1)
    for (;;) {
      const other = this.#seen[slot] as number
      if (other === entry || this.count === maxFeatures) return
      if (other >>> 20 !== this.#epoch) break
      slot = (slot + 1) & (slots - 1)
    }
    this.#seen[slot] = entry
    this.ids[this.count++] = id
  }

  #addWord(hash: number, previous: number, letters: number): void {
    this.#add(hash ^ salt.word)
    this.#add(Math.imul(previous, 31) ^ hash ^ salt.pair)
    this.#addMeaning(hash, this.#lexicon.get(hash))
    const word = this.#word
    const end = letters + 2
    word[letters + 1] = space
    for (let from = 0; from + 3 <= end; from++) {
      let part = step(step(salt.part, word[from] as number), word[from + 1] as number)
      const last = Math.min(from + 4, end)
      for (let i = from + 2; i < last; i++) {
        part = step(part, word[i] as number)
        this.#add(part)
      }
    }
  }

  /** Adds the n-grams that start at an ideograph, and the longest entry of the lexicon where none covers it yet. */
  #addHan(text: string, at: number): void {
    let hash = seed
    let entryEnd = 0
    let value = 0
    const end = Math.min(at + maxHanEntry, text.length)
    for (let i = at; i < end; i++) {
      const unit = text.charCodeAt(i)
      if (kinds[unit] !== kind.ideograph) break
      hash = step(hash, unit)
      if (i - at < 3) this.#add(hash ^ salt.word)
      const found = this.#lexicon.get(hash)
      if (found !== 0) {
        value = found
        entryEnd = i + 1
      }
    }
    if (at < this.#entryEnd) return
    this.#addMeaning(step(seed, text.charCodeAt(at)), value)
    this.#entryEnd = entryEnd
  }

  /** Adds a symbol, an emoji as a whole; returns the place of its last code unit. A symbol ends a negation. */
  #addSymbol(text: string, at: number, unit: number): number {
    this.#negatedFor = 0
    const pair = unit >= 0xd800 && unit < 0xdc00 && at + 1 < text.length
    const last = pair ? at + 1 : at
    this.#add((pair ? step(step(seed, unit), text.charCodeAt(last)) : step(seed, unit)) ^ salt.word)
    return last
  }

  /** What a word does to the sentiment: its polarity, or that it is negated. */
  #addMeaning(hash: number, value: number): void {
    const negated = this.#negatedFor > 0
    if (value === polarity.negator) {
      this.#negatedFor = reach
      return
    }
    if (value === polarity.positive || value === polarity.negative) {
      const kindOf = value * 2 + (negated ? 1 : 0)
      const nth = this.#found[kindOf] as number
      if (nth < 3) this.#add(lexiconHash(value, negated, nth))
      this.#found[kindOf] = nth + 1
    } else if (negated) this.#add(hash ^ salt.negated)
    if (negated) this.#negatedFor--
  }
}
