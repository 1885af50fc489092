/** What a reader may call as a table: those that make rows of nothing, or of tables that are there. */
const harmlessTables = new Set(
  'format fuzzjson fuzzquery generaterandom generateseries generate_series merge null numbers numbers_mt primes values view zeros zeros_mt'.split(
    ' ',
  ),
)

/** Functions that reach files, models or services. Refused wherever the word stands. */
const reachingOut = /\b(file|catboostEvaluate|ai[A-Z]\w*|getClientHTTPHeader|showCertificate)\b/

/**
 * Why a statement must not run for a reader; undefined where it may. `readonly` alone does not do: ClickHouse
 * lets a subquery's SETTINGS undo it, and the embedded engine reads and writes files for whoever asks
 * (`file`, INTO OUTFILE).
 * @param statement one statement as `formatQuerySingleLine` prints it: no comments, strings in single quotes,
 *   identifiers bare or in back quotes
 * @param tableFunctions the names of all table functions that the engine has
 */
export function refusal(statement: string, tableFunctions: Iterable<string>): string | undefined {
  const code = withoutLiterals(statement)
  if (!/^[\s(]*(SELECT|WITH|SHOW|DESCRIBE|EXPLAIN|EXISTS)\b/i.test(code))
    return `"${code.split(' ', 1)[0]}" is not reading; start with SELECT, WITH, SHOW, DESCRIBE, EXPLAIN or EXISTS`
  if (/\bINTO\s+OUTFILE\b/i.test(code)) return 'INTO OUTFILE writes a file; take it out'
  if (/\bSETTINGS\s+\w+\s*=/i.test(code)) return 'SETTINGS could lift the limits; take them out'
  if (/\bPARALLEL\s+WITH\b/i.test(code)) return 'one statement at a time; take PARALLEL WITH out'
  if (/\bFORMAT\s+\w+\s*$/i.test(code)) return 'the format is fixed; take FORMAT out'
  const named = reachingOut.exec(code)?.[0] ?? tableCalled(code, tableFunctions)
  return named === undefined
    ? undefined
    : `"${named}" reaches files, services or other machines; read the tables that are here`
}

function tableCalled(code: string, tableFunctions: Iterable<string>): string | undefined {
  const called = new Set<string>()
  for (const [, name] of code.matchAll(/(\w+)\s*\(/g)) called.add((name as string).toLowerCase())
  for (const name of tableFunctions)
    if (called.has(name.toLowerCase()) && !harmlessTables.has(name.toLowerCase())) return name
  return undefined
}

/** Strings become empty ones, quoted identifiers bare: what is left are words and signs. */
const withoutLiterals = (statement: string): string =>
  statement.replaceAll(/'(?:[^'\\]|\\.)*'|`((?:[^`\\]|\\.)*)`/gs, (_, identifier?: string) =>
    identifier === undefined ? "''" : identifier.replaceAll(/\W/g, '_'),
  )
