import { functionWords } from './function-words.ts'

export type Language = 'en' | 'zh' | 'mixed' | 'other'

export interface Detection {
  readonly language: Language
  /** 0 to 1 */
  readonly confidence: number
}

/** What one pass over a text counts. Addresses, mentions and codes (C12) are passed over: they are of no language. */
interface Survey {
  /** Han characters */
  han: number
  /** Letters of Latin script */
  latin: number
  /** Of these, letters that ASCII lacks */
  accented: number
  /** Words of Latin script of three letters or more, or function words */
  words: number
  /** Letters of every other script: kana, Hangul, Cyrillic, Arabic … */
  foreign: number
  /** Evidence for each of `languages` from function words */
  scores: Float64Array
}

/** Whose encoder reads a text: mixed ones are Chinese with English words in them more often than not. */
export const encodedAs = (language: string): 'en' | 'zh' =>
  language === 'zh' || language === 'mixed' ? 'zh' : 'en'

const languages = Object.keys(functionWords)
const english = languages.indexOf('en')

/** By a word's hash: the languages that have it, as a set of bits. 30 bits keep the keys small integers. */
const languagesOf = new Map<number, number>()
for (const [index, language] of languages.entries())
  for (const word of (functionWords[language] as string).split(/\s+/)) {
    let hash = 0
    for (let i = 0; i < word.length; i++) hash = hashed(hash, word.charCodeAt(i))
    languagesOf.set(hash, (languagesOf.get(hash) ?? 0) | (1 << index))
  }

/** In Chinese about 1.6 characters make a word. */
const hanPerWord = 1.6
/** Below this share of Latin words a text with Han is Chinese that names a thing or two; above, the reverse. */
const leastMixed = 0.3
const mostMixed = 0.85
/** So much more must speak for another language of Latin script than for English. */
const headStart = 0.25
/** With less evidence than one word of a single language, the hint decides. */
const enough = 1

/**
 * Tells English, Chinese, a mixture of both, and everything else apart: by script, and within Latin script by
 * function words. A text that says too little ("ok") is taken at its hint, and for English without one.
 * @param hint BCP 47 tag that the channel claims
 */
export function detect(text: string, hint: string | null = null): Detection {
  const { han, latin, accented, words, foreign, scores } = survey(text)
  const letters = han + latin + foreign
  if (letters === 0) return hint === null ? { language: 'other', confidence: 0 } : hinted(hint, 0.3)
  if (foreign * 6 > foreign + han && foreign * 2 > foreign + latin)
    return { language: 'other', confidence: foreign / letters }

  const share = words / (words + han / hanPerWord)
  if (han > 0 && share < leastMixed) return { language: 'zh', confidence: (1 - share) * (han / (han + 0.2)) }
  if (han > 0 && share <= mostMixed) return { language: 'mixed', confidence: 1 - Math.abs(share - 0.5) }
  return latinScript(scores, accented, hint)
}

function latinScript(scores: Float64Array, accented: number, hint: string | null): Detection {
  const forEnglish = (scores[english] as number) + headStart
  let rival = accented / 2
  for (let i = 0; i < scores.length; i++)
    if (i !== english) rival = Math.max(rival, (scores[i] as number) + accented / 2)
  if (hint !== null && forEnglish + rival < enough + headStart) return hinted(hint, 0.5)
  const confidence = Math.max(forEnglish, rival) / (forEnglish + rival + 0.4)
  return { language: forEnglish >= rival ? 'en' : 'other', confidence }
}

function hinted(hint: string, confidence: number): Detection {
  const [primary = ''] = hint.toLowerCase().split(/[-_]/, 1)
  return { language: primary === 'en' || primary === 'zh' ? primary : 'other', confidence }
}

const scores = new Float64Array(languages.length)
const found: Survey = { han: 0, latin: 0, accented: 0, words: 0, foreign: 0, scores }

/** Counts in one pass. The result is valid until the next call. */
function survey(text: string): Survey {
  let han = 0
  let latin = 0
  let accented = 0
  let words = 0
  let foreign = 0
  let hash = 0
  let length = 0
  scores.fill(0)
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 0
    const letter = code < 0x80 ? asciiLetter(code) : latinLetter(code)
    if (letter !== 0) {
      hash = hashed(hash, letter)
      length++
      if (letter >= 0x80) accented++
      continue
    }
    if (length > 0) {
      const address = code === 0x3a && text.startsWith('//', i + 1)
      const digit = code >= 0x30 && code <= 0x39
      if (!address && !digit) {
        latin += length
        if (vote(hash) || length >= 3) words++
      }
      hash = 0
      length = 0
      if (address) i = blankAfter(text, i)
    }
    if (code === 0x40) i = blankAfter(text, i)
    else if (code >= 0x370) {
      if (isHan(code)) han++
      else if (isForeign(code)) foreign++
    }
  }
  return Object.assign(found, { han, latin, accented, words, foreign })
}

/** Adds a word's evidence: one, divided among the languages that have it. */
function vote(hash: number): boolean {
  const set = languagesOf.get(hash)
  if (set === undefined) return false
  const weight = 1 / bitCount(set)
  for (let i = 0; i < languages.length; i++) if ((set >> i) & 1) scores[i] = (scores[i] as number) + weight
  return true
}

function bitCount(set: number): number {
  let count = 0
  for (let rest = set; rest !== 0; rest &= rest - 1) count++
  return count
}

function blankAfter(text: string, from: number): number {
  let i = from
  while (i < text.length && text.charCodeAt(i) > 0x20 && text.charCodeAt(i) < 0x2000) i++
  return i - 1
}

function hashed(hash: number, letter: number): number {
  return (Math.imul(hash ^ letter, 0x01000193) + 0x3c6ef35f) & 0x3fffffff
}

/** The letter in lower case, or 0 where it isn't one. */
function asciiLetter(code: number): number {
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x7a ? lower : 0
}

/** As `asciiLetter`, for Latin beyond ASCII. Only Latin-1 is folded: capitals beyond it are rare in running text. */
function latinLetter(code: number): number {
  if (code < 0xc0 || code === 0xd7 || code === 0xf7) return 0
  if (code < 0xdf) return code | 0x20
  return code < 0x250 || (code >= 0x1e00 && code < 0x1f00) ? code : 0
}

const isHan = (code: number): boolean =>
  (code >= 0x3400 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff)

/** Greek to Hangul Jamo, kana and bopomofo, Hangul: the blocks of letters that are neither Latin nor Han. */
const isForeign = (code: number): boolean =>
  code < 0x1e00 || (code >= 0x3041 && code <= 0x318f) || (code >= 0xa000 && code <= 0xd7ff)
