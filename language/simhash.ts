const half = 2 ** 26
const halfMask = half - 1
/** Bit planes of the counters: enough for 16,383 features. */
const planes = 14
const mostFeatures = 2 ** planes - 1

const low = new Int32Array(planes)
const high = new Int32Array(planes)

/**
 * 52-bit SimHash of a text, as an integer that a JavaScript number holds exactly: near-duplicates differ in few
 * bits. Features are pairs of neighbouring words, case folded, where a Han or kana character is a word of its
 * own; the first word is paired with the start of the text. A text without words has fingerprint 0.
 *
 * Charikar, "Similarity estimation techniques from rounding algorithms", STOC 2002. The counters of the bits
 * lie across machine words (bit-sliced), so that a feature adds to all 26 of a half at once.
 */
export function simhash(text: string): number {
  low.fill(0)
  high.fill(0)
  const folded = text.toLowerCase()
  let features = 0
  let previous = 0
  let word = 0
  for (let i = 0; i <= folded.length && features < mostFeatures; i++) {
    const code = i < folded.length ? folded.charCodeAt(i) : 0
    const alone = code >= 0x3040 && isHanOrKana(code)
    if (!alone && isWordCode(code)) {
      word = Math.imul(word ^ code, 0x01000193) + 0x9e3779b9
      continue
    }
    if (word !== 0) {
      add(previous, word)
      previous = word
      word = 0
      features++
    }
    if (alone) {
      const character = Math.imul(code, 0x9e3779b1)
      add(previous, character)
      previous = character
      features++
    }
  }
  return majority(high, features) * half + majority(low, features)
}

/** In how many of the 52 bits two fingerprints differ. */
export const distance = (a: number, b: number): number =>
  bitCount((a % half) ^ (b % half)) + bitCount(Math.floor(a / half) ^ Math.floor(b / half))

const isHanOrKana = (code: number): boolean =>
  code <= 0x30ff || (code >= 0x3400 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff)

/** Digits, letters of any script and halves of surrogate pairs. */
const isWordCode = (code: number): boolean =>
  code < 0x80
    ? (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39)
    : code >= 0xc0 && (code < 0x2000 || (code >= 0x3040 && code < 0xff00))

function add(previous: number, word: number): void {
  const feature = mix(Math.imul(previous, 31) ^ word)
  count(low, feature & halfMask)
  count(high, mix(feature ^ 0x5bd1e995) & halfMask)
}

/** The finaliser of MurmurHash3: every bit of the input moves half the bits of the output. */
function mix(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** Adds one to the counter of each set bit: a ripple-carry adder across the planes. */
function count(counters: Int32Array, bits: number): void {
  let carry = bits
  for (let plane = 0; carry !== 0; plane++) {
    const counter = counters[plane] as number
    counters[plane] = counter ^ carry
    carry &= counter
  }
}

/** The bits whose counter is above half of `features`: the planes compared with that number, highest first. */
function majority(counters: Int32Array, features: number): number {
  const threshold = features >> 1
  let above = 0
  let equal = halfMask
  for (let plane = planes - 1; plane >= 0; plane--) {
    const counter = counters[plane] as number
    if ((threshold >> plane) & 1) equal &= counter
    else {
      above |= equal & counter
      equal &= ~counter
    }
  }
  return above
}

function bitCount(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
