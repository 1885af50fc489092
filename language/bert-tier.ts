import { alternativesTo } from './alternatives.ts'
import { Cache } from './cache.ts'
import { encodedAs } from './detect.ts'
import type { Encoder } from './encoder/encoder.ts'
import { type Answer, answersOf, type DenseHead, type DenseModel, priorOf, verdictOf } from './heads/dense.ts'
import type { Matrix, Product } from './heads/products.ts'
import { Predictor } from './linear.ts'
import { headNamed, isOwn, labelsOf, linearTier, placedHeads, sentimentOf, toldBy } from './linear-tier.ts'
import type { EncodedLanguage, Teaching } from './teach/teaching.ts'
import { outOfScope, type Text, type Tier, type Understanding } from './tier.ts'

/** Texts that were answered lately: people say much the same. */
const cached = 10_000
/** Of a text that is in neither language alone, no answer is surer than this. */
const mostForeign = 0.5

export interface BertParts {
  readonly teaching: Teaching
  readonly encoders: Partial<Record<EncodedLanguage, Encoder>>
  readonly product: Product
  /** Intents that are no further behind the likeliest are told of: the text is ambiguous. */
  readonly margin: number
}

/**
 * The second tier: one pass of the encoder a text, and every head on that one vector. It answers all; where nothing was
 * taught in a text's language, as the linear tier does.
 */
export function bertTier({ teaching, encoders, product, margin }: BertParts): Tier {
  const { linear, version } = teaching
  const predictor = new Predictor(linear)
  const last = linearTier(linear, { version, margin })
  const others = placedHeads(linear).filter(isOwn)
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
    const own = await Promise.all(
      heads.others.map(async (head) => ({ head, answers: await answersBy(head) })),
    )
    return texts.map(({ language: said }, at) => {
      const most = said === language ? 1 : mostForeign
      const told = own.map(({ head, answers }) => {
        const { label, confidence } = verdictOf(answers[at]!)
        return {
          head: head.name,
          label: head.labels[label] ?? outOfScope,
          confidence: Math.min(most, confidence),
        }
      })
      return {
        ...understood(heads, intents[at]!, sentiments[at]!, most, margin),
        // A head that was not taught in this language answers by what it learnt in the other
        ...labelsOf([...toldBy(others, priors[at]!), ...told]),
        tier: 'bert',
        model: version,
      }
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

/** The heads, where both that every text needs were taught in the language. */
function headsOf({ heads }: DenseModel) {
  const named = (name: string) => heads.find((head) => head.name === name)
  const [intent, sentiment] = [named('intent'), named('sentiment')]
  return intent && sentiment && { intent, sentiment, others: heads.filter(isOwn) }
}

function understood(
  heads: { readonly intent: DenseHead; readonly sentiment: DenseHead },
  intent: Answer,
  mood: Answer,
  most: number,
  margin: number,
): Omit<Understanding, 'labels' | 'labelConfidences' | 'tier' | 'model'> {
  const { label: best, confidence } = verdictOf(intent)
  const { labels } = heads.intent
  const all = intent.probabilities.map((one) => intent.inScope * one)
  const of = (label: string) => mood.probabilities[heads.sentiment.labels.indexOf(label)] ?? 0
  return {
    intent: labels[best] ?? outOfScope,
    intentConfidence: Math.min(most, confidence),
    alternatives: best < 0 ? [] : alternativesTo(best, all, labels, margin),
    ...sentimentOf(of('negative'), of('positive')),
  }
}
