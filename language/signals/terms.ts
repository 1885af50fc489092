import { kind, kinds } from '../features.ts'

/** Each UTF-16 code unit in lower case, where that is one unit: positions in a text stay what they are. */
const folded = Uint16Array.from({ length: 0x10000 }, (_, unit) => {
  const lower = String.fromCharCode(unit).toLowerCase()
  return lower.length === 1 ? lower.charCodeAt(0) : unit
})

/** Terms, each with what it means, to be found in texts. */
export interface Terms<T> {
  /**
   * Calls for every term in a text, from left to right; of those that begin at one place the longest counts, and
   * the next one is looked for behind it. `end` is exclusive.
   */
  each(text: string, found: (what: T, start: number, end: number) => void): void
}

/** A node of the trie ends a term: whole words only, or with any ending (`*`). */
interface End<T> {
  whole?: T
  begun?: T
}

const none = -1

/**
 * Builds the index of terms: words, phrases, Chinese words, emoji. Case and apostrophes don't count. A term of
 * letters stands for whole words; with `*` at its end, for every word that begins so. Of two meanings of one term
 * the last counts. Finding costs some nanoseconds a character, however many terms there are.
 */
export function termsOf<T>(entries: Iterable<readonly [term: string, what: T]>): Terms<T> {
  const ends: End<T>[] = [{}]
  const nodes: Map<number, number>[] = [new Map()]
  for (const [term, what] of entries) {
    const begun = term.endsWith('*')
    let node = 0
    for (const unit of unitsOf(begun ? term.slice(0, -1) : term)) {
      let next = nodes[node]!.get(unit)
      if (next === undefined) {
        next = nodes.push(new Map()) - 1
        ends.push({})
        nodes[node]!.set(unit, next)
      }
      node = next
    }
    if (node === 0) continue
    if (begun) ends[node]!.begun = what
    else ends[node]!.whole = what
  }
  return search(ends, nodes)
}

/** What a term is, as it is looked for; two terms of the same units are one. */
export const foldTerm = (term: string): string => String.fromCharCode(...unitsOf(term))

function* unitsOf(term: string): Generator<number> {
  for (let i = 0; i < term.length; i++) {
    const unit = term.charCodeAt(i)
    if (kinds[unit] !== kind.joiner) yield folded[unit]!
  }
}

function search<T>(ends: readonly End<T>[], nodes: readonly Map<number, number>[]): Terms<T> {
  const child = flat(nodes)
  const starts = new Uint8Array(0x10000)
  for (const unit of nodes[0]!.keys()) starts[unit] = 1

  return {
    each(text, found) {
      const { length } = text
      for (let at = 0; at < length; ) {
        const unit = text.charCodeAt(at)
        const letter = kinds[unit] === kind.letter
        if (starts[folded[unit]!] === 0) {
          at = letter ? wordEnd(text, at) : at + 1
          continue
        }
        let what: T | undefined
        let end = at + 1
        let node = 0
        for (let i = at; i < length; i++) {
          const next = text.charCodeAt(i)
          const is = kinds[next]!
          if (is === kind.joiner) continue
          node = child(node, folded[next]!)
          if (node === none) break
          const { whole, begun } = ends[node]!
          if (whole === undefined && begun === undefined) continue
          const inWord = is === kind.letter && followedByLetter(text, i)
          if (whole !== undefined && !inWord) {
            what = whole
            end = i + 1
          } else if (begun !== undefined) {
            what = begun
            end = inWord ? wordEnd(text, i) : i + 1
          }
        }
        if (what !== undefined) {
          found(what, at, end)
          at = end
        } else at = letter ? wordEnd(text, at) : at + 1
      }
    },
  }
}

function wordEnd(text: string, from: number): number {
  let i = from + 1
  for (; i < text.length; i++) {
    const is = kinds[text.charCodeAt(i)]
    if (is !== kind.letter && is !== kind.joiner) break
  }
  return i
}

function followedByLetter(text: string, at: number): boolean {
  let i = at + 1
  while (i < text.length && kinds[text.charCodeAt(i)] === kind.joiner) i++
  return i < text.length && kinds[text.charCodeAt(i)] === kind.letter
}

/** The trie's edges in one open-addressed table: a step costs two or three reads. */
function flat(nodes: readonly Map<number, number>[]): (node: number, unit: number) => number {
  const size = 1 << Math.ceil(Math.log2(4 * nodes.length + 4))
  const from = new Int32Array(size).fill(none)
  const by = new Uint16Array(size)
  const to = new Int32Array(size)
  const slotOf = (node: number, unit: number): number => {
    let slot = Math.imul(Math.imul(node, 0x9e3779b1) ^ unit, 0x85ebca6b) >>> 7
    for (;;) {
      slot &= size - 1
      if (from[slot] === none || (from[slot] === node && by[slot] === unit)) return slot
      slot++
    }
  }
  for (const [node, edges] of nodes.entries())
    for (const [unit, next] of edges) {
      const slot = slotOf(node, unit)
      from[slot] = node
      by[slot] = unit
      to[slot] = next
    }
  return (node, unit) => {
    const slot = slotOf(node, unit)
    return from[slot] === none ? none : to[slot]!
  }
}
