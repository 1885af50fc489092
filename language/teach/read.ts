import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { packageRoot } from '../../schemas/root.ts'
import { type Example, type Placed, readExamples, readLists, refuseRare, unambiguous } from '../examples.ts'
import { Lexicon } from '../lexicon.ts'
import { type Task, tasksOf } from '../trainer.ts'

export interface Lessons {
  readonly tasks: readonly Task[]
  readonly lexicon: Lexicon
}

/** The examples that ship: sentiment and lexicon are theirs, also where somebody teaches other intents. */
const shipped = join('language', 'examples')

/**
 * Reads what is to be taught: a folder like language/examples, or a file of intents with their examples, in Murmur's form
 * (`intents:`, a list of texts an intent) or Rasa's (`nlu:`); without one, what ships.
 * @param corrections a file of JSON lines `{"text","label"}`: they overrule the examples
 * @throws naming file and line, what is wrong and what to write
 */
export function readLessons(path: string | undefined, corrections?: string): Lessons {
  const own = readExamples(join(packageRoot(), shipped))
  const intents = path === undefined ? own.intents : readIntents(path)
  const corrected = corrections === undefined ? intents : merged(intents, readLabelled(corrections))
  return {
    tasks: tasksOf({ ...own, intents: corrected }),
    lexicon: new Lexicon(own.lexicon.positive, own.lexicon.negative),
  }
}

function readIntents(path: string): readonly Example[] {
  if (!existsSync(path))
    throw new Error(`${path} does not exist; name a YAML file of intents with their examples`)
  const intents = unambiguous(readPlaced(path))
  refuseRare(intents)
  if (new Set(intents.map(({ label }) => label)).size < 2)
    throw new Error(`${path}: there must be two intents at least, to tell one from the other`)
  return intents
}

/** The examples of a file as they stand, with their places. */
export function readPlaced(path: string): Placed[] {
  const isRasa = /^nlu:/m.test(readFileSync(path, 'utf8'))
  return isRasa ? readRasa(path) : readLists(path, 'intents')
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

/** Lines of JSON with a text and its label. @throws naming file and line */
export function readLabelled(path: string): Example[] {
  if (!existsSync(path)) throw new Error(`${path} does not exist; name a file of JSON lines {"text","label"}`)
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line, at): Example[] => {
      if (line.trim() === '') return []
      const { text, label } = parsed(line) ?? {}
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
  const folded = (text: string) => text.trim().toLowerCase()
  const corrected = new Map(corrections.map((one) => [folded(one.text), one]))
  return [...examples.filter(({ text }) => !corrected.has(folded(text))), ...corrected.values()]
}
