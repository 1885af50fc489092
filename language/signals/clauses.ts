import { kind, kinds } from '../features.ts'
import { termsOf } from './terms.ts'

/** A part of a text; `end` is exclusive. */
export interface Clause {
  readonly start: number
  readonly end: number
}

/** With these something new begins, which may be meant otherwise than what was before. */
const turns =
  `and, but, however, although, though, yet, except, whereas, while, unfortunately, luckily, still,
  但是, 但, 不过, 可是, 然而, 只是, 就是, 虽然, 尽管, 却, 而且, 另外, 还有`
    .split(',')
    .map((word) => [word.trim(), true] as const)
const turnTerms = termsOf(turns)

const marks = new Set([...'.,;!?\n。，；！？、…—'].map((mark) => mark.charCodeAt(0)))
/** Between letters or digits these stand for something else: 4.5, 1,000, example.org */
const joining = new Set([...'.,'].map((mark) => mark.charCodeAt(0)))

/** Cuts a text behind its punctuation and before words such as "but", "and" or "不过", which are no clause alone. */
export function clausesOf(text: string): readonly Clause[] {
  const cuts: number[] = []
  const turnEnds = new Map<number, number>()
  turnTerms.each(text, (_, start, end) => {
    cuts.push(start)
    turnEnds.set(start, end)
  })
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (!marks.has(unit)) continue
    if (joining.has(unit) && kinds[text.charCodeAt(i + 1)] === kind.letter) continue
    cuts.push(i + 1)
  }
  cuts.sort((a, b) => a - b).push(text.length)
  const clauses: Clause[] = []
  let start = 0
  for (const end of cuts) {
    const turnEnd = turnEnds.get(start)
    const last = clauses.at(-1)
    if (wordsIn(text, turnEnd ?? start, end) > 0) clauses.push({ start, end })
    else if (turnEnd === undefined && last) clauses[clauses.length - 1] = { start: last.start, end }
    else continue
    start = end
  }
  return clauses
}

/** Words of letters, and Chinese characters, in a part of a text. */
export function wordsIn(text: string, start: number, end: number): number {
  let words = 0
  let inWord = false
  for (let i = start; i < end; i++) {
    const is = kinds[text.charCodeAt(i)]!
    if (is === kind.ideograph || (is === kind.letter && !inWord)) words++
    inWord = is === kind.letter || is === kind.joiner
  }
  return words
}
