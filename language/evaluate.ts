import { calibrationError } from './calibrate.ts'
import type { Cascade } from './cascade.ts'
import { detect } from './detect.ts'
import type { Example } from './examples.ts'
import { outOfScope, type Understanding } from './tier.ts'

interface ClassScore {
  readonly label: string
  readonly examples: number
  readonly precision: number
  readonly recall: number
  readonly f1: number
}

/** How well texts are understood whose labels are known. Shares are 0 to 1. */
export interface Evaluation {
  readonly task: 'intent' | 'sentiment'
  readonly examples: number
  readonly accuracy: number
  readonly macroF1: number
  readonly calibrationError: number
  /** Of the texts labelled out_of_scope, those that were told so; undefined without such texts. */
  readonly outOfScopeRecall: number | undefined
  /** What each tier has answered of all. */
  readonly tiers: Readonly<Record<string, number>>
  readonly textsPerSecond: number
  readonly classes: readonly ClassScore[]
}

const batch = 256

/** @throws where no label is one that the model knows */
export async function evaluate(
  examples: readonly Example[],
  task: 'intent' | 'sentiment',
  model: Pick<Cascade, 'understand' | 'answered'>,
): Promise<Evaluation> {
  const startedAt = performance.now()
  const answers: Understanding[] = []
  for (let from = 0; from < examples.length; from += batch) {
    const texts = examples
      .slice(from, from + batch)
      .map(({ text }) => ({ text, language: detect(text).language }))
    answers.push(...(await model.understand(texts)))
  }
  const seconds = (performance.now() - startedAt) / 1000
  const told = answers.map((answer) => answer[task] as string)
  const right = told.map((label, at) => label === examples[at]!.label)
  const classes = [...new Set(examples.map(({ label }) => label))]
    .sort()
    .map((label) => scoreOf(label, examples, told))
  const strangers = [...examples.keys()].filter((at) => examples[at]!.label === outOfScope)
  const share = (count: number, of: number) => count / Math.max(1, of)
  return {
    task,
    examples: examples.length,
    accuracy: share(right.filter(Boolean).length, right.length),
    macroF1: share(
      classes.reduce((sum, { f1 }) => sum + f1, 0),
      classes.length,
    ),
    calibrationError: calibrationError(
      answers.map((answer, at) => ({ confidence: confidenceOf(answer, task), right: right[at]! })),
    ),
    outOfScopeRecall:
      task === 'intent' && strangers.length > 0
        ? share(strangers.filter((at) => right[at]).length, strangers.length)
        : undefined,
    tiers: Object.fromEntries(
      [...model.answered].map(([tier]) => [
        tier,
        share(answers.filter((answer) => answer.tier === tier).length, answers.length),
      ]),
    ),
    textsPerSecond: share(examples.length, seconds),
    classes,
  }
}

/** Of a sentiment, from its score: the likelier pole's lead, or what is left of certainty for neither. */
const confidenceOf = (
  { intentConfidence, sentiment, sentimentScore }: Understanding,
  task: 'intent' | 'sentiment',
) =>
  task === 'intent'
    ? intentConfidence
    : sentiment === 'neutral'
      ? 1 - Math.abs(sentimentScore)
      : (1 + Math.abs(sentimentScore)) / 2

function scoreOf(label: string, examples: readonly Example[], told: readonly string[]): ClassScore {
  const hits = told.filter((one, at) => one === label && examples[at]!.label === label).length
  const said = told.filter((one) => one === label).length
  const are = examples.filter((one) => one.label === label).length
  return {
    label,
    examples: are,
    precision: hits / Math.max(1, said),
    recall: hits / Math.max(1, are),
    f1: (2 * hits) / Math.max(1, said + are),
  }
}
