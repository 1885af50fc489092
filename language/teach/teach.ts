import { softmax } from '../calibrate.ts'
import { detect, encodedAs } from '../detect.ts'
import type { Encoder } from '../encoder/encoder.ts'
import type { Example } from '../examples.ts'
import { type DenseHead, type DenseModel, priorOf } from '../heads/dense.ts'
import { matrixProduct } from '../heads/products.ts'
import type { Lexicon } from '../lexicon.ts'
import { Predictor } from '../linear.ts'
import { placedHeads } from '../linear-tier.ts'
import { outOfScope } from '../tier.ts'
import { type Task, trainModel } from '../trainer.ts'
import { fitHead, type Known } from './fit-head.ts'
import { judge, reportOf } from './judge.ts'
import { borrows, lend } from './lend.ts'
import { type EncodedLanguage, type HeadReport, languages, type Teaching, versioned } from './teaching.ts'
import { thresholdOf } from './thresholds.ts'
import { vectorsBy } from './vectors.ts'

export type Encoders = Partial<Record<EncodedLanguage, Encoder>>

export type Progress = (what: string) => void

/** Fewer examples of a head in a language teach its encoder nothing; the linear tier answers there. */
const fewest = 10

/**
 * Teaches both tiers from examples. Everything that is chosen is chosen by examples that the tiers in question
 * were not taught with. Deterministic.
 */
export async function teach(
  tasks: readonly Task[],
  lexicon: Lexicon,
  encoders: Encoders,
  progress: Progress = () => {},
  languageOf = (text: string): EncodedLanguage => encodedAs(detect(text).language),
): Promise<Teaching> {
  const readers = languages.flatMap((language) => {
    const encoder = encoders[language]
    return encoder ? [{ language, manifest: encoder.manifest, vectors: vectorsBy(encoder) }] : []
  })
  const numbersOf = (examples: readonly Example[], language: EncodedLanguage): readonly number[] =>
    [...examples.keys()].filter((at) => languageOf(examples[at]!.text) === language)
  const examplesIn = (examples: readonly Example[], language: EncodedLanguage): readonly Example[] =>
    numbersOf(examples, language).map((at) => examples[at]!)
  const lessons: Task[] = []
  for (const task of tasks) lessons.push({ ...task, lent: await lentTo(task) })
  progress('the linear tier')
  const { model: linear, unseen } = trainModel(lessons, lexicon)
  const placed = placedHeads(linear)
  const predictor = new Predictor(linear)
  const dense: Partial<Record<EncodedLanguage, DenseModel>> = {}
  const thresholds: Partial<Record<EncodedLanguage, Record<string, number>>> = {}
  const reports: HeadReport[] = []
  for (const { language, manifest, vectors } of readers) {
    const heads: DenseHead[] = []
    for (const [index, task] of tasks.entries()) {
      const head = placed[index]!
      const classes = head.labels.length
      const priors = priorsOf(unseen[index]!.margins, head)
      const own = numbersOf(task.examples, language)
      const examples = own.map((at) => task.examples[at]!)
      if (!areEnough(examples)) continue
      const texts = examples.map(({ text }) => text)
      progress(`${task.name}, ${language}: reading ${own.length.toLocaleString('en')} examples`)
      const lesson = {
        name: task.name,
        labels: head.labels,
        texts,
        vectors: await vectors(texts),
        classOf: Int32Array.from(examples, ({ label }) => head.labels.indexOf(label)),
        prior: (text: number, label: number) => priors[own[text]! * classes + label]!,
        open: task.examples.some(({ label }) => label === outOfScope) || task.name === 'intent',
        validation: await known(examplesIn(task.validation ?? [], language)),
      }
      progress(`${task.name}, ${language}: fitting ${classes} labels`)
      const made = await fitHead(lesson, await matrixProduct())
      heads.push(made.head)
      const judged = judge(made.unseen, lesson.validation ?? lesson, classes, head.background !== undefined)
      const threshold = thresholdOf(judged)
      thresholds[language] = { ...thresholds[language], [task.name]: threshold }
      reports.push(reportOf(task.name, language, head.labels, judged, threshold))

      /** Examples that the linear model was not trained on. */
      async function known(examples: readonly Example[]): Promise<Known | undefined> {
        if (examples.length === 0) return undefined
        const opinions = examples.map(({ text }) => {
          predictor.read(text)
          return predictor.probabilities.slice(head.first, head.end).map(priorOf)
        })
        return {
          vectors: await vectors(examples.map(({ text }) => text)),
          classOf: Int32Array.from(examples, ({ label }) => head.labels.indexOf(label)),
          prior: (text, label) => opinions[text]![label]!,
        }
      }
    }
    const { version, dimensions } = manifest
    if (heads.length > 0) dense[language] = { encoder: version, language, dimensions, heads }
  }
  return versioned({ linear, dense, thresholds, reports })

  /** What the encoders make, for a task, of the examples of the others. */
  async function lentTo(task: Task): Promise<readonly Example[]> {
    const lent: Example[] = []
    const others = tasks.filter((other) => other !== task).flatMap(({ examples }) => examples)
    for (const { language, vectors } of borrows(task) ? readers : []) {
      const own = examplesIn(task.examples, language)
      const texts = examplesIn(others, language).map(({ text }) => text)
      if (!areEnough(own) || texts.length === 0) continue
      progress(`${task.name}, ${language}: what the other heads' examples say of it`)
      lent.push(...(await lend(own, texts, vectors, await matrixProduct())))
    }
    return lent
  }
}

const areEnough = (examples: readonly Example[]): boolean =>
  examples.length >= fewest && new Set(examples.map(({ label }) => label)).size > 1

/** Logarithms of the linear tier's probabilities, by example and label. */
function priorsOf(
  margins: Float64Array,
  head: Parameters<typeof softmax>[3] & { readonly labels: readonly string[] },
) {
  const classes = head.labels.length
  const priors = margins.slice()
  for (let at = 0; at < priors.length; at += classes) softmax(priors, at, at + classes, head)
  return priors.map(priorOf)
}
