import { detect, encodedAs } from './detect.ts'
import { answersOf, priorOf } from './heads/dense.ts'
import { matrixProduct } from './heads/products.ts'
import { Predictor } from './linear.ts'
import { placedHeads, verdictOf } from './linear-tier.ts'
import { type Encoders, leastBy } from './open.ts'
import type { Teaching } from './teach/teaching.ts'
import { outOfScope } from './tier.ts'

/** A label and how likely it is, 0 to 1; the likeliest first. */
export type Scores = readonly { readonly label: string; readonly probability: number }[]

/** What a head makes of a text, by each tier. */
interface HeadExplained {
  readonly head: string
  readonly linear: Scores
  /** How sure the linear tier is, and how sure it must be to answer in this language; undefined: it always may. */
  readonly sureness: number
  readonly least: number | undefined
  /** Undefined where the encoder was not taught this in this language. */
  readonly bert: Scores | undefined
  /** By the encoder, that the text is one of the head's labels at all. */
  readonly inScope: number | undefined
}

export interface Explained {
  readonly language: string
  readonly languageConfidence: number
  readonly version: string
  readonly heads: readonly HeadExplained[]
  /** Examples of intents that are most like the text, by the encoder: 1 is the same. */
  readonly nearest: readonly {
    readonly text: string
    readonly label: string
    readonly likeness: number
  }[]
}

const shown = 5

/** What both tiers make of a text, whoever of them would answer. */
export async function explain(text: string, teaching: Teaching, encoders: Encoders): Promise<Explained> {
  const { linear, dense, version } = teaching
  const { language, confidence } = detect(text)
  const taught = dense[encodedAs(language)]
  const encoder = encoders[encodedAs(language)]
  const predictor = new Predictor(linear)
  predictor.read(text)
  const { probabilities } = predictor
  const vectors =
    taught && encoder
      ? { rows: 1, columns: taught.dimensions, values: await encoder.encode([text]) }
      : undefined
  const product = await matrixProduct()
  const least = leastBy(teaching)(language)

  const heads = placedHeads(linear).map(async (head, at): Promise<HeadExplained> => {
    const own = taught?.heads.find(({ name }) => name === head.name)
    const prior = (_: number, label: number) => priorOf(probabilities[head.first + label]!)
    const [answer] = own && vectors ? await answersOf(own, vectors, prior, product) : []
    return {
      head: head.name,
      linear: scores(head.labels, probabilities.subarray(head.first, head.end)),
      sureness: verdictOf(head, probabilities).confidence,
      least: least?.[at],
      bert: answer && own && scores(own.labels, answer.probabilities, answer.inScope),
      inScope: answer && own?.scope ? answer.inScope : undefined,
    }
  })

  const intent = taught?.heads.find(({ name }) => name === 'intent')
  const references = intent?.references
  const likeness = references && vectors ? await product(vectors, references.vectors) : undefined
  const nearest = [...(likeness?.values ?? [])]
    .map((value, at) => ({
      text: references!.texts[at]!,
      label: intent!.labels[references!.labels[at]!]!,
      likeness: value,
    }))
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, shown)
  return { language, languageConfidence: confidence, version, heads: await Promise.all(heads), nearest }
}

function scores(labels: readonly string[], probabilities: Float64Array, inScope = 1): Scores {
  const all = labels.map((label, at) => ({ label, probability: inScope * probabilities[at]! }))
  const none = 1 - all.reduce((sum, { probability }) => sum + probability, 0)
  return [...all, ...(none > 1e-6 ? [{ label: outOfScope, probability: none }] : [])]
    .sort((a, b) => b.probability - a.probability)
    .slice(0, shown)
}
