import { Environment, EvaluationError, ParseError } from '@marcbachmann/cel-js'
import { closest } from 'fastest-levenshtein'
import type { Contextualised } from '../../schemas/generated/events.ts'

/** Whether a condition holds for an utterance. */
export type Condition = (utterance: Contextualised) => boolean

/** The variables of a condition and their CEL types. */
const fields: Readonly<Record<keyof Contextualised, string>> = {
  id: 'string',
  conversation: 'string',
  user: 'dyn',
  channel: 'string',
  role: 'string',
  text: 'string',
  media: 'list<dyn>',
  languageHint: 'dyn',
  occurredAt: 'google.protobuf.Timestamp',
  attributes: 'map<string, string>',
  cleanText: 'string',
  language: 'string',
  languageConfidence: 'double',
  fingerprint: 'int',
  truncated: 'bool',
  intent: 'string',
  intentConfidence: 'double',
  sentiment: 'string',
  sentimentScore: 'double',
  tier: 'string',
  modelVersion: 'string',
  alternatives: 'list<dyn>',
  labels: 'map<string, string>',
  labelConfidences: 'map<string, double>',
  emotion: 'string',
  urgency: 'double',
  aspects: 'list<dyn>',
  turn: 'int',
  sessionStartedAt: 'google.protobuf.Timestamp',
  userTurns: 'int',
  negativeTurns: 'int',
  history: 'list<dyn>',
  slots: 'map<string, string>',
}

const missing: ReadonlySet<string> = new Set(['no_such_key', 'index_out_of_bounds', 'optional_value_missing'])

const environment = new Environment()
/** The utterance in CEL's terms: whole numbers as BigInt, times as Date, made only where a condition asks. */
const view = {}
let seen: Contextualised

for (const [name, type] of Object.entries(fields) as [keyof Contextualised, string][]) {
  environment.registerVariable(name, type)
  const get = {
    int: () => BigInt(seen[name] as number),
    'google.protobuf.Timestamp': () => new Date(seen[name] as number),
  }[type]
  Object.defineProperty(view, name, { get: get ?? (() => seen[name]) })
}

/**
 * Compiles a condition of the Common Expression Language (cel.dev) over the fields of an utterance. It does not
 * hold where it asks for something that the utterance lacks, such as a slot. Any other failure of an evaluation
 * is a mistake in the condition, and thrown.
 * @throws where the expression isn't CEL, names no field or doesn't give true or false; with the position
 */
export function compile(expression: string): Condition {
  const program = parse(expression)
  const { valid, type, error } = program.check()
  if (!valid) throw faulty(expression, error)
  if (type !== 'bool' && type !== 'dyn') throw new Error(`"${expression}" gives ${type}: write a condition`)
  return (utterance) => {
    seen = utterance
    // What is missing comes as an exception: without its stack trace it costs a fifteenth.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    try {
      return program(view) === true
    } catch (error) {
      if (error instanceof EvaluationError && missing.has(error.code)) return false
      throw new Error(`condition "${expression}" fails: ${(error as Error).message}`, { cause: error })
    } finally {
      Error.stackTraceLimit = stackTraceLimit
    }
  }
}

function parse(expression: string) {
  try {
    return environment.parse(expression)
  } catch (error) {
    throw error instanceof ParseError ? faulty(expression, error) : error
  }
}

function faulty(expression: string, error: unknown): Error {
  const { summary, code, range } = error as ParseError
  const start = range?.start ?? 0
  const nearest =
    code === 'unknown_variable'
      ? ` (nearest: ${closest(expression.slice(start, range?.end), Object.keys(fields))})`
      : ''
  return new Error(`"${expression}" at position ${start + 1}: ${summary}${nearest}`, { cause: error })
}
