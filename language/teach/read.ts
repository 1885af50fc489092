import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { closest } from 'fastest-levenshtein'
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { packageRoot } from '../../schemas/root.ts'
import {
  type Example,
  folded,
  openExamples,
  type Placed,
  readExamples,
  refuseRare,
  unambiguous,
} from '../examples.ts'
import { Lexicon } from '../lexicon.ts'
import { outOfScope } from '../tier.ts'
import { type Task, tasksOf } from '../trainer.ts'

export interface Lessons {
  readonly tasks: readonly Task[]
  readonly lexicon: Lexicon
}

/** The examples that ship: sentiment and lexicon are theirs, also where somebody teaches other intents. */
const shipped = join('language', 'examples')
/** What events tell in fields of their own, and what a shadow says. */
const reserved = ['intent', 'sentiment', 'shadow_intent', 'shadow_sentiment']

/** A file's examples as they stand, with their places. */
export interface Written {
  /** Undefined where the file has none: those that ship are taught. */
  readonly intents: readonly Placed[] | undefined
  /** Of a user's own heads, by name. */
  readonly heads: ReadonlyMap<string, readonly Placed[]>
}

/**
 * Reads what is to be taught: a file of intents with their examples, in Murmur's form (`intents:`, a list of texts an intent,
 * and `heads:`, the same for each further question) or Rasa's (`nlu:`); without one, what ships.
 * @param corrections a file of JSON lines `{"text","label"}`: they overrule the examples of intents
 * @param validation such a file, too: intents are chosen by these texts, and by no example
 * @throws naming file and line, what is wrong and what to write
 */
export function readLessons(path: string | undefined, corrections?: string, validation?: string): Lessons {
  const own = readExamples(join(packageRoot(), shipped))
  const written = path === undefined ? undefined : readWritten(path)
  const intents = written?.intents ? checked(path!, 'intent', written.intents) : own.intents
  const heads = new Map(
    [...(written?.heads ?? [])].map(([name, examples]) => [name, checked(path!, name, examples)] as const),
  )
  const corrected = corrections === undefined ? intents : merged(intents, readLabelled(corrections))
  return {
    tasks: tasksOf({ ...own, intents: corrected }, heads).map((task) =>
      validation !== undefined && task.name === 'intent'
        ? { ...task, validation: labelsIn(readLabelled(validation), task.examples, validation) }
        : task,
    ),
    lexicon: new Lexicon(own.lexicon.positive, own.lexicon.negative),
  }
}

/** @throws for a label that no example has */
function labelsIn(
  validation: readonly Example[],
  examples: readonly Example[],
  path: string,
): readonly Example[] {
  const known = new Set([outOfScope, ...examples.map(({ label }) => label)])
  const stranger = validation.find(({ label }) => !known.has(label))
  if (!stranger) return validation
  throw new Error(
    `${path}: no example is labelled "${stranger.label}"; did you mean "${closest(stranger.label, [...known])}"?`,
  )
}

/** @param what the labels are called */
function checked(path: string, what: string, written: readonly Placed[]): readonly Example[] {
  const examples = unambiguous(written)
  refuseRare(examples, what)
  if (new Set(examples.map(({ label }) => label)).size < 2)
    throw new Error(`${path}: there must be two labels of "${what}" at least, to tell one from the other`)
  return examples
}

/** @throws naming file and line, where the file isn't one of examples */
export function readWritten(path: string): Written {
  if (!existsSync(path))
    throw new Error(`${path} does not exist; name a YAML file of intents with their examples`)
  if (/^nlu:/m.test(readFileSync(path, 'utf8'))) return { intents: readRasa(path), heads: new Map() }
  const { root, entries, lists, placeOf } = openExamples(path)
  const parts = new Map(entries(root, ['intents', 'heads']))
  const heads = parts.has('heads') ? entries(parts.get('heads')) : []
  for (const [name, node] of heads)
    if (!/^[A-Za-z]\w{0,63}$/.test(name) || reserved.includes(name))
      throw new Error(
        `${placeOf(node)}: a head can't be called "${name}": write letters, digits and "_", a letter first, and none of ${reserved.join(', ')}`,
      )
  return {
    intents: parts.has('intents') ? lists(parts.get('intents')) : undefined,
    heads: new Map(heads.map(([name, node]) => [name, lists(node)])),
  }
}

/** Rasa's training data: a list under `nlu`; examples are lines of one text, entities in brackets. */
function readRasa(path: string): Placed[] {
  const lines = new LineCounter()
  const document = parseDocument(readFileSync(path, 'utf8'), { lineCounter: lines })
  const [fault] = document.errors
  if (fault) throw new Error(`${path}:${lines.linePos(fault.pos[0]).line}: ${fault.message}`)
  const list = document.get('nlu')
  if (!isSeq(list)) throw new Error(`${path}: "nlu" must be a list of intents`)
  return list.items.flatMap((item): Placed[] => {
    // Synonyms, look-up tables and patterns stand in the same list
    if (!isMap(item) || !item.has('intent')) return []
    const label = String(item.get('intent'))
    const node = item.get('examples', true)
    const first = lines.linePos(isScalar(node) ? (node.range?.[0] ?? 0) : 0).line
    if (!isScalar(node) || typeof node.value !== 'string')
      throw new Error(
        `${path}:${first}: "examples" of "${label}" must be a text with a line "- …" an example`,
      )
    return node.value.split('\n').flatMap((line, at): Placed[] => {
      const text = plain(line.replace(/^\s*-\s*/, '')).trim()
      return text === '' ? [] : [{ text, label, place: `${path}:${first + 1 + at}` }]
    })
  })
}

/** Without the marks of entities: [Berlin](city), [Berlin]{"entity": "city"} */
const plain = (text: string): string => text.replace(/\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})/g, '$1')

/**
 * Lines of JSON with a text and its label, under `label` or under the name of the task.
 * @throws naming file and line
 */
export function readLabelled(path: string, task = 'label'): Example[] {
  if (!existsSync(path)) throw new Error(`${path} does not exist; name a file of JSON lines {"text","label"}`)
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line, at): Example[] => {
      if (line.trim() === '') return []
      const { text, [task]: named, label = named } = parsed(line) ?? {}
      if (typeof text === 'string' && (typeof label === 'string' || typeof label === 'number'))
        return [{ text, label: String(label) }]
      throw new Error(`${path}:${at + 1}: expected {"text": "…", "label": "…"}, found ${line.slice(0, 80)}`)
    })
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined
  }
}

function merged(examples: readonly Example[], corrections: readonly Example[]): readonly Example[] {
  const corrected = new Map(corrections.map((one) => [folded(one.text), one]))
  return [...examples.filter(({ text }) => !corrected.has(folded(text))), ...corrected.values()]
}
