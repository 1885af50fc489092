import { calibrate, softmax } from '../calibrate.ts'
import { chooseScope, type Sighting } from '../heads/choose-scope.ts'
import {
  type Answer,
  answerOf,
  type DenseHead,
  marginsOf,
  mixed,
  type Prior,
  type References,
} from '../heads/dense.ts'
import { trainLogistic } from '../heads/logistic.ts'
import { type Matrix, type Product, rowsOf, transposed } from '../heads/products.ts'
import { neighbours, referencesOf } from '../heads/scope.ts'
import type { Separators } from '../svm.ts'
import { backgroundShare, stratify } from '../trainer.ts'

/** Texts whose labels are known. */
export interface Known {
  /** A text a row. */
  readonly vectors: Matrix
  /** Of each text; -1: of none of the labels. */
  readonly classOf: Int32Array
  /** The linear tier's opinion of them; it was not trained on them. */
  readonly prior: Prior
}

/** What a head is taught with, in one language. */
export interface Lesson extends Known {
  readonly name: string
  readonly labels: readonly string[]
  readonly texts: readonly string[]
  /** Whether "none of these" is an answer. */
  readonly open: boolean
  /** Texts to choose by; without them, parts of the lesson are held back in turn. */
  readonly validation: Known | undefined
}

export interface Fitted {
  readonly head: DenseHead
  /** What heads taught without it make of a text: of the validation's, or of all, or, of very many, of a part. */
  readonly unseen: readonly Unseen[]
}

export interface Unseen extends Answer {
  readonly text: number
}

/** More work than this is not done for each of five folds: one part, held out, tells enough of so many texts. */
const muchWork = 400_000
const folds = 5
const mixes = [0, 0.25, 0.5, 1, 2]

/** Teaches a head, and chooses by texts that it has not seen what can be chosen: mix, sharpness, scope. */
export async function fitHead(lesson: Lesson, product: Product): Promise<Fitted> {
  const { name, labels, texts, vectors, classOf, open, validation } = lesson
  const classes = labels.length
  const { prior } = validation ?? lesson
  const truthOf = (validation ?? lesson).classOf
  const taught = (some: readonly number[], from?: Separators) => {
    const chosen = some.filter((text) => (classOf[text] as number) >= 0)
    const chosenLabels = Int32Array.from(chosen, (text) => classOf[text] as number)
    const task = {
      vectors: rowsOf(vectors, chosen),
      labels: chosenLabels,
      classes,
      ...(from ? { from } : {}),
    }
    return trainLogistic(task, product)
  }
  const referencesAmong = (some: readonly number[]): References => {
    const rows = referencesOf(Int32Array.from(some, (text) => classOf[text] as number)).map((at) => some[at]!)
    return {
      texts: rows.map((text) => texts[text]!),
      labels: rows.map((text) => classOf[text]!),
      vectors: transposed(rowsOf(vectors, rows)),
    }
  }
  /** What a head that was taught some texts makes of others. */
  const look = async (
    by: Separators,
    seen: readonly number[],
    others: Matrix,
    numbers: readonly number[],
  ) => {
    const found = await marginsOf(by, others, product)
    const likeness = await neighbours(others, referencesAmong(seen).vectors, product)
    return numbers.map((text, row) => ({
      text,
      margins: found.slice(row * classes, (row + 1) * classes),
      neighbour: likeness[row] as number,
      inScope: (truthOf[text] as number) >= 0,
    }))
  }

  const all = [...classOf.keys()]
  const sightings: Seen[] = []
  let last: Separators | undefined
  if (validation) {
    last = await taught(all)
    sightings.push(...(await look(last, all, validation.vectors, [...truthOf.keys()])))
  } else {
    const foldOf = stratify(classOf, folds)
    const held = vectors.rows * classes > muchWork ? 1 : folds
    for (let fold = 0; fold < held; fold++) {
      const seen = all.filter((text) => foldOf[text] !== fold)
      const rest = all.filter((text) => foldOf[text] === fold)
      // From nothing each time: what another fold has learnt has seen these
      last = await taught(seen)
      sightings.push(...(await look(last, seen, rowsOf(vectors, rest), rest)))
    }
  }
  const scope = open ? chooseScope(sightings, backgroundShare) : undefined
  const choice = { ...bestMix(sightings, classes), scope }
  const unseen = sightings.map(({ text, margins, neighbour }) => ({
    text,
    ...answerOf(choice, margins, neighbour, (label) => prior(text, label)),
  }))
  const references = open ? referencesAmong(all) : undefined
  const separators = validation && last ? last : await taught(all, last)
  return { head: { name, labels, ...separators, ...choice, references }, unseen }

  /** How much of the linear tier's opinion, and how sharp, makes the truth likeliest: smoother than counting who is right. */
  function bestMix(
    all: readonly Seen[],
    classes: number,
  ): { readonly mix: number; readonly sharpness: number } {
    const known = all.filter(({ inScope }) => inScope)
    const labels = Int32Array.from(known, ({ text }) => truthOf[text] as number)
    let best = { mix: 0, sharpness: 1, loss: Number.POSITIVE_INFINITY }
    for (const mix of mixes) {
      const scored = new Float64Array(known.length * classes)
      for (const [at, { text, margins }] of known.entries())
        scored.set(
          mixed(margins, mix, (label) => prior(text, label)),
          at * classes,
        )
      const { sharpness } = calibrate({ margins: scored, labels, classes }, backgroundShare)
      let loss = 0
      for (const [at, label] of labels.entries()) {
        softmax(scored, at * classes, (at + 1) * classes, { sharpness })
        loss -= Math.log(Math.max(scored[at * classes + label]!, Number.MIN_VALUE))
      }
      if (loss < best.loss) best = { mix, sharpness, loss }
    }
    return { mix: best.mix, sharpness: best.sharpness }
  }
}

/** A text as heads see it that were taught without it. */
interface Seen extends Sighting {
  readonly text: number
}
