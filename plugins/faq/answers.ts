import { readFile } from 'node:fs/promises'
import { closest } from 'fastest-levenshtein'
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml'

/** An answer in one language or both. */
export interface Answer {
  readonly en: string | undefined
  readonly zh: string | undefined
  /** Least confidence of the intent; undefined: the plugin's. */
  readonly confidence: number | undefined
}

export interface Answers {
  /** By intent */
  readonly answers: ReadonlyMap<string, Answer>
  readonly fallback: Answer | undefined
}

/** A mistake, and the node that shows where. */
class Mistake {
  constructor(
    readonly node: Node | null | undefined,
    readonly text: string,
  ) {}
}

/**
 * Reads a file of answers: a list `answers` of `{intent, en, zh, confidence}`, and `fallback: {en, zh}`.
 * @param intents those that may be answered; undefined: any
 * @throws Error "file:line: what is wrong" where it can't be used
 */
export async function loadAnswers(file: string, intents: readonly string[] | undefined): Promise<Answers> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new Error(`the answers in "${file}" can't be read: ${error.message}`, { cause: error })
  })
  const lineCounter = new LineCounter()
  const { contents, errors } = parseDocument(text, { lineCounter, prettyErrors: false })
  const fail = (offset: number, what: string) =>
    new Error(`${file}:${lineCounter.linePos(offset).line}: ${what}`)
  if (errors[0]) throw fail(errors[0].pos[0], errors[0].message)
  try {
    return readAnswers(contents, intents)
  } catch (error) {
    throw error instanceof Mistake ? fail(error.node?.range?.[0] ?? 0, error.text) : error
  }
}

function readAnswers(contents: Node | null, intents: readonly string[] | undefined): Answers {
  const root = mapOf(contents, 'the file', ['answers', 'fallback'])
  const list = root.get('answers', true) as Node | undefined
  if (!isSeq(list)) throw new Mistake(list ?? root, '"answers" must be a list of answers')
  const answers = new Map<string, Answer>()
  for (const item of list.items as Node[]) {
    const entry = mapOf(item, 'an answer', ['intent', 'en', 'zh', 'confidence'])
    const intent = textOf(entry, 'intent')
    if (intent === undefined) throw new Mistake(entry, 'an answer needs an "intent"')
    const node = entry.get('intent', true) as Node | undefined
    if (intents && !intents.includes(intent))
      throw new Mistake(node, `there is no intent "${intent}"${nearest(intent, intents)}`)
    if (answers.has(intent)) throw new Mistake(node, `intent "${intent}" is answered twice: keep one`)
    answers.set(intent, answerOf(entry))
  }
  if (!root.has('fallback')) return { answers, fallback: undefined }
  const fallback = mapOf(root.get('fallback', true) as Node, '"fallback"', ['en', 'zh'])
  return { answers, fallback: answerOf(fallback) }
}

function answerOf(entry: YAMLMap): Answer {
  const [en, zh] = [textOf(entry, 'en'), textOf(entry, 'zh')]
  if (en === undefined && zh === undefined)
    throw new Mistake(entry, 'an answer needs a text: "en", "zh" or both')
  const confidence = entry.get('confidence')
  if (confidence !== undefined && !(typeof confidence === 'number' && confidence >= 0 && confidence <= 1))
    throw new Mistake(
      entry.get('confidence', true) as Node,
      `"confidence" is ${JSON.stringify(confidence)}: write a number from 0 to 1`,
    )
  return { en, zh, confidence: confidence as number | undefined }
}

function mapOf(node: Node | null | undefined, what: string, keys: readonly string[]): YAMLMap {
  if (!isMap(node)) throw new Mistake(node, `${what} must be a mapping with ${keys.join(', ')}`)
  for (const { key } of node.items) {
    const name = isScalar(key) ? String(key.value) : String(key)
    if (!keys.includes(name)) throw new Mistake(key as Node, `unknown key "${name}"${nearest(name, keys)}`)
  }
  return node
}

function textOf(entry: YAMLMap, key: string): string | undefined {
  const value = entry.get(key)
  if (value === undefined) return undefined
  if (typeof value === 'string' && value.trim() !== '') return value.trim()
  throw new Mistake(entry.get(key, true) as Node, `"${key}" is ${JSON.stringify(value)}: write a text`)
}

const nearest = (name: string, known: readonly string[]): string =>
  known.length === 0 ? '' : ` (nearest: ${closest(name, known)})`
