import { closest } from 'fastest-levenshtein'
import { type Bin, calibrationError, reliability } from './calibrate.ts'
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
  /** intent, sentiment or a head of a user's own. */
  readonly task: string
  readonly examples: number
  readonly accuracy: number
  readonly macroF1: number
  readonly calibrationError: number
  readonly reliability: readonly Bin[]
  /** Of the texts labelled out_of_scope, those that were told so; undefined without such texts. */
  readonly outOfScopeRecall: number | undefined
  /** What each tier has answered of all. */
  readonly tiers: Readonly<Record<string, number>>
  readonly textsPerSecond: number
  readonly classes: readonly ClassScore[]
}

const batch = 256

/** @throws where the model has no such head */
export async function evaluate(
  examples: readonly Example[],
  task: string,
  model: Pick<Cascade, 'understand' | 'answered'>,
): Promise<Evaluation> {
  const startedAt = performance.now()
  const judged: { tier: string; label: string; confidence: number; right: boolean }[] = []
  for (let from = 0; from < examples.length; from += batch) {
    const some = examples.slice(from, from + batch)
    const answers = await model.understand(
      some.map(({ text }) => ({ text, language: detect(text).language })),
    )
    for (const [at, answer] of answers.entries()) {
      const given = answerTo(answer, task)
      judged.push({ tier: answer.tier, ...given, right: given.label === some[at]!.label })
    }
  }
  const seconds = (performance.now() - startedAt) / 1000
  const told = judged.map(({ label }) => label)
  const classes = [...new Set(examples.map(({ label }) => label))]
    .sort()
    .map((label) => scoreOf(label, examples, told))
  const strangers = [...examples.keys()].filter((at) => examples[at]!.label === outOfScope)
  const share = (count: number, of: number) => count / Math.max(1, of)
  return {
    task,
    examples: examples.length,
    accuracy: share(judged.filter(({ right }) => right).length, judged.length),
    macroF1: share(
      classes.reduce((sum, { f1 }) => sum + f1, 0),
      classes.length,
    ),
    calibrationError: calibrationError(judged),
    reliability: reliability(judged),
    outOfScopeRecall:
      strangers.length > 0
        ? share(strangers.filter((at) => judged[at]!.right).length, strangers.length)
        : undefined,
    tiers: Object.fromEntries(
      [...model.answered].map(([tier]) => [
        tier,
        share(judged.filter((one) => one.tier === tier).length, judged.length),
      ]),
    ),
    textsPerSecond: share(examples.length, seconds),
    classes,
  }
}

function answerTo(
  answer: Understanding,
  task: string,
): { readonly label: string; readonly confidence: number } {
  const { intent, intentConfidence, sentiment, labels, labelConfidences } = answer
  if (task === 'intent') return { label: intent, confidence: intentConfidence }
  if (task === 'sentiment') return { label: sentiment, confidence: sentimentConfidence(answer) }
  const label = labels[task]
  if (label !== undefined) return { label, confidence: labelConfidences[task] ?? 0 }
  const known = ['intent', 'sentiment', ...Object.keys(labels)]
  throw new Error(
    `nothing was taught under "${task}"; did you mean "${closest(task, known)}"? There are ${known.join(', ')}`,
  )
}

/** From its score: the likelier pole's lead, or what is left of certainty for neither. */
const sentimentConfidence = ({ sentiment, sentimentScore }: Understanding) =>
  sentiment === 'neutral' ? 1 - Math.abs(sentimentScore) : (1 + Math.abs(sentimentScore)) / 2

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
