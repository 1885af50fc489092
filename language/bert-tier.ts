import { Cache } from './cache.ts'
import { encodedAs } from './detect.ts'
import type { Encoder } from './encoder/encoder.ts'
import { type Answer, answersOf, type DenseHead, type DenseModel, priorOf, verdictOf } from './heads/dense.ts'
import type { Matrix, Product } from './heads/products.ts'
import { Predictor } from './linear.ts'
import { headNamed, linearTier, sentimentOf } from './linear-tier.ts'
import type { EncodedLanguage, Teaching } from './teach/teaching.ts'
import { outOfScope, type Text, type Tier, type Understanding } from './tier.ts'

/** Texts that were answered lately: people say much the same. */
const cached = 10_000
/** Intents that are no further behind the likeliest are told of: the text is ambiguous. */
const margin = 0.15
/** Of a text that is in neither language alone, no answer is surer than this. */
const mostForeign = 0.5

export interface BertParts {
  readonly teaching: Teaching
  readonly encoders: Partial<Record<EncodedLanguage, Encoder>>
  readonly product: Product
}

/**
 * The second tier: one pass of the encoder a text, and every head on that one vector. It answers all; where nothing was
 * taught in a text's language, as the linear tier does.
 */
export function bertTier({ teaching, encoders, product }: BertParts): Tier {
  const { linear } = teaching
  const predictor = new Predictor(linear)
  const last = linearTier(linear, teaching.version)
  const cache = new Cache<Understanding>(cached)

  async function ask(language: EncodedLanguage, texts: readonly Text[]): Promise<readonly Understanding[]> {
    const [encoder, model] = [encoders[language], teaching.dense[language]]
    const heads = encoder && model && headsOf(model)
    if (!heads) return last.understand(texts)
    const values = await encoder.encode(texts.map(({ text }) => text))
    const vectors: Matrix = { rows: texts.length, columns: encoder.manifest.dimensions, values }
    const priors = texts.map(({ text }) => {
      predictor.read(text)
      return predictor.probabilities.slice()
    })
    const answersBy = (head: DenseHead): Promise<readonly Answer[]> => {
      const { first } = headNamed(linear, head.name)
      return answersOf(head, vectors, (text, label) => priorOf(priors[text]![first + label]!), product)
    }
    const [intents, sentiments] = [await answersBy(heads.intent), await answersBy(heads.sentiment)]
    return texts.map(({ language: own }, at) => {
      const most = own === language ? 1 : mostForeign
      return { ...understood(heads, intents[at]!, sentiments[at]!, most), model: teaching.version }
    })
  }

  return {
    name: 'bert',
    async understand(texts) {
      const answers: (Understanding | undefined)[] = texts.map(({ text, language }) =>
        cache.get(`${language} ${text}`),
      )
      for (const language of ['en', 'zh'] as const) {
        const open = [...texts.keys()].filter(
          (at) => answers[at] === undefined && encodedAs(texts[at]!.language) === language,
        )
        if (open.length === 0) continue
        const made = await ask(
          language,
          open.map((at) => texts[at]!),
        )
        for (const [place, at] of open.entries()) {
          answers[at] = made[place]!
          cache.set(`${texts[at]!.language} ${texts[at]!.text}`, made[place]!)
        }
      }
      return answers
    },
  }
}

/** Both heads, where they were taught in the language. */
function headsOf({ heads }: DenseModel) {
  const named = (name: string) => heads.find((head) => head.name === name)
  const [intent, sentiment] = [named('intent'), named('sentiment')]
  return intent && sentiment ? { intent, sentiment } : undefined
}

function understood(
  heads: { readonly intent: DenseHead; readonly sentiment: DenseHead },
  intent: Answer,
  mood: Answer,
  most: number,
): Omit<Understanding, 'model'> {
  const { label: best, confidence } = verdictOf(intent)
  const known = best >= 0
  const alternatives = known ? near(intent.probabilities, best, heads.intent.labels, intent.inScope) : []
  const of = (label: string) => mood.probabilities[heads.sentiment.labels.indexOf(label)] ?? 0
  return {
    intent: known ? heads.intent.labels[best]! : outOfScope,
    intentConfidence: Math.min(most, confidence),
    alternatives,
    ...sentimentOf(of('negative'), of('positive')),
    labels: {},
    tier: 'bert',
  }
}

/** The intents that are nearly as likely as the best, the likeliest first. */
const near = (
  probabilities: Float64Array,
  best: number,
  labels: readonly string[],
  inScope: number,
): Understanding['alternatives'] =>
  [...probabilities.entries()]
    .filter(([at, probability]) => at !== best && inScope * (probabilities[best]! - probability) < margin)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3)
    .map(([at, probability]) => ({ intent: labels[at]!, confidence: inScope * probability }))
