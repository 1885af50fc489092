import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { closest } from 'fastest-levenshtein'
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { maxHanEntry } from './lexicon.ts'
import { outOfScope } from './tier.ts'

/** A text and what it is an example of; an intent of `out_of_scope`: of none. */
export interface Example {
  readonly text: string
  readonly label: string
}

/** What the linear tier is trained on. */
export interface Examples {
  readonly intents: readonly Example[]
  readonly sentiments: readonly Example[]
  readonly lexicon: { readonly positive: readonly string[]; readonly negative: readonly string[] }
}

export type Placed = Example & { readonly place: string }

const fewest = 5
const languages = ['en', 'zh']

/**
 * Reads `intents`, `sentiment` and `lexicon`, each in English and Chinese, from a folder of YAML files.
 * @throws an error that names file and line: for YAML that doesn't parse, an unknown key (with the nearest name),
 * an intent of fewer than 5 examples, a text under two labels, an entry of the lexicon that isn't one word
 */
export function readExamples(folder: string): Examples {
  const all = (kind: string, under: string | undefined, labels?: readonly string[]): Placed[] =>
    languages.flatMap((language) => readLists(join(folder, `${kind}.${language}.yaml`), under, labels))
  const intents = unambiguous(all('intents', 'intents'))
  refuseRare(intents)
  const words = unambiguous(all('lexicon', undefined, ['positive', 'negative']))
  refusePhrases(words)
  const of = (label: string): string[] => words.filter((word) => word.label === label).map(({ text }) => text)
  return {
    intents,
    sentiments: unambiguous(all('sentiment', undefined, ['negative', 'neutral', 'positive'])),
    lexicon: { positive: of('positive'), negative: of('negative') },
  }
}

/** Reads a mapping from labels to lists of texts, which may stand under a key of its own. */
function readLists(file: string, under: string | undefined, labels?: readonly string[]): Placed[] {
  const { root, entries, lists } = openExamples(file)
  return under === undefined
    ? lists(root, labels)
    : entries(root, [under]).flatMap(([, value]) => lists(value, labels))
}

/** A file of examples, with what reads parts of it. Their faults name file and line. */
export function openExamples(file: string) {
  const lines = new LineCounter()
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines })
  const placeOf = (node: unknown): string =>
    `${file}:${lines.linePos((node as Node | null)?.range?.[0] ?? 0).line}`
  const [fault] = document.errors
  if (fault) throw new Error(`${file}:${lines.linePos(fault.pos[0]).line}: ${fault.message}`)

  /** @throws for a key that isn't among the known */
  const entries = (node: unknown, known?: readonly string[]): readonly (readonly [string, unknown])[] => {
    if (!isMap(node)) throw new Error(`${placeOf(node)}: expected names and what stands under them`)
    return node.items.map(({ key, value }) => {
      const name = String(isScalar(key) ? key.value : key)
      if (known && !known.includes(name))
        throw new Error(
          `${placeOf(key)}: unknown key "${name}"; did you mean "${closest(name, [...known])}"?`,
        )
      return [name, value] as const
    })
  }
  /** Labels with a list of texts each. */
  const lists = (node: unknown, labels?: readonly string[]): Placed[] =>
    entries(node, labels).flatMap(([label, list]) => {
      if (!isSeq(list)) throw new Error(`${placeOf(list)}: "${label}" must be a list of texts`)
      return list.items.map((item) => {
        if (!isScalar(item) || typeof item.value !== 'string' || item.value.trim() === '')
          throw new Error(`${placeOf(item)}: an example of "${label}" must be a text; put it in quotes`)
        return { text: item.value, label, place: placeOf(item) }
      })
    })
  return { root: document.contents as unknown, entries, lists, placeOf }
}

/** Texts that are alike so count as one. */
export const folded = (text: string): string => text.trim().toLowerCase()

/** Leaves out repetitions. */
export function unambiguous(examples: readonly Placed[]): Placed[] {
  const first = new Map<string, Placed>()
  for (const example of examples) {
    const key = folded(example.text)
    const other = first.get(key)
    if (other && other.label !== example.label)
      throw new Error(
        `${example.place}: "${example.text}" stands under "${example.label}" and, at ${other.place}, under "${other.label}"; keep one`,
      )
    if (!other) first.set(key, example)
  }
  return [...first.values()]
}

/** @param what the labels are called */
export function refuseRare(intents: readonly Placed[], what = 'intent'): void {
  const counts = new Map<string, number>()
  for (const { label } of intents) counts.set(label, (counts.get(label) ?? 0) + 1)
  const common = [...counts.keys()].filter((label) => (counts.get(label) ?? 0) >= fewest)
  for (const { label, place } of intents) {
    const count = counts.get(label) ?? 0
    if (count >= fewest || label === outOfScope) continue
    const near = common.length > 0 ? ` If "${closest(label, common)}" was meant, rename it.` : ''
    throw new Error(`${place}: ${what} "${label}" has ${count} examples and needs ${fewest}.${near}`)
  }
}

function refusePhrases(words: readonly Placed[]): void {
  for (const { text, place } of words) {
    const single = /^[\p{L}\p{N}'’]+$/u.test(text)
    const long = /\p{sc=Han}/u.test(text) && text.length > maxHanEntry
    if (!single || long)
      throw new Error(
        `${place}: "${text}" is no entry for the lexicon: write one word, in Chinese of up to ${maxHanEntry} characters`,
      )
  }
}
