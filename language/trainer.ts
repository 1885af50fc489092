import { calibrate, type Scored } from './calibrate.ts'
import { type Dataset, datasetOf } from './dataset.ts'
import type { Example, Examples } from './examples.ts'
import { FeatureExtractor, lexiconFeatures } from './features.ts'
import type { Lexicon } from './lexicon.ts'
import { type Head, type LinearModel, wordsPerRow } from './linear.ts'
import { randomFrom, shuffled } from './random.ts'
import { marginsOf, type Separators, trainSvm } from './svm.ts'
import { outOfScope } from './tier.ts'

/** One head to train. */
export interface Task {
  readonly name: string
  readonly examples: readonly Example[]
  /** To choose by, in place of examples held back in turn: for an encoder that has seen the examples, but not these. */
  readonly validation?: readonly Example[]
  /** Texts of which an encoder has said what they are: to learn from, not to choose by. */
  readonly lent?: readonly Example[]
  /** Price of a margin violation. */
  readonly cost: number
  /** How much more a feature of the lexicon counts than an n-gram. */
  readonly lexiconScale: number
}

/** The two questions that Murmur asks of every text, and those of a user's own. */
export const tasksOf = (
  { intents, sentiments }: Pick<Examples, 'intents' | 'sentiments'>,
  heads: ReadonlyMap<string, readonly Example[]> = new Map(),
): readonly Task[] => [
  { name: 'intent', examples: intents, cost: 1, lexiconScale: 1 },
  { name: 'sentiment', examples: sentiments, cost: 1, lexiconScale: 3 },
  ...[...heads].map(([name, examples]) => ({ name, examples, cost: 1, lexiconScale: 1 })),
]

/** Customers mostly stay on topic; feeds of posts don't. */
export const backgroundShare = 0.25

/**
 * Trains a model with a head per task, calibrated by stratified cross-validation.
 * Deterministic: the same examples give the same bytes.
 * @returns `unseen`: by task, what separators trained without it make of each example
 */
export function trainModel(tasks: readonly Task[], lexicon: Lexicon, folds = 5) {
  const data = datasetOf(
    tasks.flatMap(({ examples, lent = [] }) => [...examples, ...lent].map(({ text }) => text)),
    new FeatureExtractor(lexicon),
  )
  let first = 0
  const trained = tasks.map((task) => {
    const head = trainHead(task, data, first, folds)
    first += task.examples.length + (task.lent?.length ?? 0)
    return head
  })
  const model: LinearModel = {
    heads: trained.map(({ head }) => head),
    lexicon,
    bucketOfRow: data.bucketOfRow,
    ...quantise(
      trained.map(({ separators }) => separators),
      data.bucketOfRow.length,
    ),
  }
  return { model, unseen: trained.map(({ scored }) => scored) }
}

function trainHead(task: Task, data: Dataset, first: number, folds: number) {
  const { name, examples, cost, lexiconScale, lent = [] } = task
  const labels = [...new Set(examples.map(({ label }) => label))]
    .filter((label) => label !== outOfScope)
    .sort()
  const classes = labels.length
  const classOf = Int32Array.from(examples, ({ label }) => labels.indexOf(label))
  const lentClasses = lent.map(({ label }) => labels.indexOf(label))
  const lentTexts = lent.map((_, at) => examples.length + at)
  const loud = new Set(lexiconFeatures)
  const scale = Float32Array.from(data.bucketOfRow, (bucket) => (loud.has(bucket) ? lexiconScale : 1))
  const separate = (texts: readonly number[]): Separators => {
    const chosen = [...texts, ...lentTexts].map((text) => first + text)
    const labels = [...texts.map((text) => classOf[text]!), ...lentClasses]
    return trainSvm({ data, chosen, labels, classes, scale, cost })
  }

  const texts = [...classOf.keys()]
  const foldOf = stratify(classOf, folds)
  const scored: Scored = { margins: new Float64Array(examples.length * classes), labels: classOf, classes }
  for (let fold = 0; fold < folds; fold++) {
    const separators = separate(texts.filter((text) => foldOf[text] !== fold))
    for (const text of texts.filter((text) => foldOf[text] === fold))
      scored.margins.set(marginsOf(data, first + text, separators), text * classes)
  }
  const head: Head = { name, labels, ...calibrate(scored, backgroundShare) }
  return { head, scored, separators: separate(texts) }
}

/** Rounds the weights of all heads to 8 bits, and lays them side by side. */
function quantise(all: readonly Separators[], rows: number) {
  const biases = Float32Array.from(all.flatMap(({ biases }) => [...biases]))
  const width = wordsPerRow(biases.length)
  const steps = new Float32Array(biases.length)
  const bytes = new Uint8Array(rows * width * 4).fill(128)
  let column = 0
  for (const { weights, biases } of all)
    for (let c = 0; c < biases.length; c++, column++) {
      let largest = 1e-9
      for (let row = 0; row < rows; row++)
        largest = Math.max(largest, Math.abs(weights[row * biases.length + c]!))
      steps[column] = largest / 127
      for (let row = 0; row < rows; row++)
        bytes[row * width * 4 + column] =
          128 + Math.round((weights[row * biases.length + c]! * 127) / largest)
    }
  return { biases, steps, words: new Int32Array(bytes.buffer) }
}

/** A fold for each text, so that every class is spread evenly over the folds. */
export function stratify(labels: Int32Array, folds: number): Uint8Array {
  const next = new Map<number, number>()
  const foldOf = new Uint8Array(labels.length)
  for (const text of shuffled([...labels.keys()], randomFrom(29))) {
    const label = labels[text] as number
    const fold = next.get(label) ?? 0
    foldOf[text] = fold
    next.set(label, (fold + 1) % folds)
  }
  return foldOf
}
