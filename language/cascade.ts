import type { Text, Tier, Understanding } from './tier.ts'

/** Runs texts through tiers in order, each on what the ones before handed on. */
export interface Cascade {
  /** One answer a text, in order. Asynchronous only where a tier that was asked is. */
  understand(texts: readonly Text[]): readonly Understanding[] | Promise<readonly Understanding[]>
  /** How many texts each tier has answered, by its name. */
  readonly answered: ReadonlyMap<string, number>
}

type Answers = readonly (Understanding | undefined)[]

/**
 * The first tier that is sure of a text answers it.
 * @param answered counts go on there
 * @throws where there is no tier, two have one name, a tier answers fewer or more texts than it was asked, or the
 * last one leaves a text unanswered
 */
export function cascade(tiers: readonly Tier[], answered = new Map<string, number>()): Cascade {
  if (tiers.length === 0) throw new RangeError('a cascade needs at least one tier')
  for (const { name } of tiers) answered.set(name, answered.get(name) ?? 0)
  if (new Set(tiers.map(({ name }) => name)).size < tiers.length)
    throw new RangeError(`the tiers ${tiers.map(({ name }) => name).join(', ')} need names of their own`)

  const ask = (level: number, texts: readonly Text[]): Answers | Promise<Answers> => {
    const tier = tiers[level]!
    const made = tier.understand(texts)
    return made instanceof Promise
      ? made.then((answers) => settle(level, texts, answers))
      : settle(level, texts, made)
  }

  /** Counts what the tier answered, and asks the next one for the rest. */
  const settle = (level: number, texts: readonly Text[], answers: Answers): Answers | Promise<Answers> => {
    const { name } = tiers[level]!
    if (answers.length !== texts.length)
      throw new Error(`tier "${name}" gave ${answers.length} answers to ${texts.length} texts`)
    const open = texts.filter((_, index) => answers[index] === undefined)
    answered.set(name, answered.get(name)! + texts.length - open.length)
    if (open.length === 0) return answers
    if (level + 1 === tiers.length)
      throw new Error(`tier "${name}" is the last and left ${open.length} texts unanswered`)
    const rest = ask(level + 1, open)
    return rest instanceof Promise ? rest.then((more) => merge(answers, more)) : merge(answers, rest)
  }

  return {
    understand: (texts) => ask(0, texts) as readonly Understanding[] | Promise<readonly Understanding[]>,
    answered,
  }
}

/** Puts answers, in order, where there are none yet. */
function merge(answers: Answers, more: Answers): Answers {
  let next = 0
  return answers.map((answer) => answer ?? more[next++])
}
