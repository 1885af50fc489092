import { existsSync } from 'node:fs'
import { readExamples } from '../language/examples.ts'
import { FeatureExtractor } from '../language/features.ts'
import { Lexicon } from '../language/lexicon.ts'
import { highest, Predictor } from '../language/linear.ts'
import { linearTier } from '../language/linear-tier.ts'
import { openTeaching, shippedPlace } from '../language/open.ts'
import { outOfScope } from '../language/tier.ts'
import { trainModel } from '../language/trainer.ts'
import { airlinePosts, type LanguageSet, languageSets, type Post, withoutTest } from './language-sets.ts'
import type { Figure, SuiteOptions } from './machine.ts'

export const about = `The linear tier: its speed on the project's own examples, and, where the folder of public data sets is there, the accuracy of
the same trainer on their own splits, and of the shipped sentiment on
airline posts. The linear tier that ships is trained on none of them.`

export async function run({ data }: SuiteOptions): Promise<readonly Figure[]> {
  if (!existsSync(data)) console.error(`skipped the accuracy on public data sets: there is no folder ${data}`)
  const posts = airlinePosts(data)
  return [
    ...measureSpeed(),
    ...languageSets(data).flatMap((read) => measure(read())),
    ...(posts ? measureShipped(posts) : []),
  ]
}

const share = (name: string, part: number, whole: number): Figure => ({
  name,
  value: (100 * part) / whole,
  unit: '%',
})

/**
 * Trains on a set's training part, less the texts that also stand in the test part, with the settings of the
 * shipped intents, and measures on the test part.
 */
function measure(set: LanguageSet): Figure[] {
  const { name, test } = set
  const examples = withoutTest(set).train
  const startedAt = performance.now()
  const task = { name, examples, cost: 1, lexiconScale: 1 }
  const { model } = trainModel([task], new Lexicon([], []), 2)
  const seconds = (performance.now() - startedAt) / 1000
  const { labels } = model.heads[0]!
  const predictor = new Predictor(model)
  const answers = test.map(({ text, label }) => {
    predictor.read(text)
    const best = highest(predictor.probabilities, 0, labels.length)
    const none = 1 - predictor.probabilities.reduce((sum, probability) => sum + probability, 0)
    return {
      known: label !== outOfScope,
      right: labels[best] === label,
      kept: predictor.probabilities[best]! >= none,
    }
  })
  const known = answers.filter((answer) => answer.known)
  const unknown = answers.filter((answer) => !answer.known)
  return [
    share(`${name}: accuracy`, known.filter(({ right }) => right).length, known.length),
    ...(unknown.length === 0
      ? []
      : [
          share(
            `${name}: accuracy where out of scope is an answer`,
            known.filter(({ right, kept }) => right && kept).length,
            known.length,
          ),
          share(`${name}: out of scope found`, unknown.filter(({ kept }) => !kept).length, unknown.length),
        ]),
    { name: `${name}: training`, value: seconds, unit: 's' },
  ]
}

/** The shipped sentiment on posts of a kind that it was not trained on. */
function measureShipped(posts: readonly Post[]): Figure[] {
  const answers = linearTier(openTeaching(shippedPlace(), {}).linear).understand(
    posts.map(({ text }) => ({ text, language: 'en' })),
  )
  const classes = ['negative', 'neutral', 'positive']
  const f1 = classes.map((name) => {
    const hits = posts.filter(
      ({ sentiment }, i) => sentiment === name && answers[i]!.sentiment === name,
    ).length
    const told = answers.filter(({ sentiment }) => sentiment === name).length
    const are = posts.filter(({ sentiment }) => sentiment === name).length
    return (2 * hits) / Math.max(1, told + are)
  })
  const right = posts.filter(({ sentiment }, i) => answers[i]!.sentiment === sentiment).length
  const total = f1.reduce((sum, value) => sum + value, 0)
  return [
    share('airline posts, shipped sentiment: accuracy', right, posts.length),
    share('airline posts, shipped sentiment: macro-F1', total, classes.length),
  ]
}

/** CPU microseconds a text, the best of several rounds: other work on the machine only ever adds. */
function microseconds(texts: readonly string[], work: (text: string) => void): number {
  let best = Infinity
  for (let round = 0; round < 30; round++) {
    const before = process.cpuUsage()
    for (const text of texts) work(text)
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / texts.length)
  }
  return best
}

/** On the project's own examples, three to a text, so that the figure needs no data from elsewhere. */
function measureSpeed(): Figure[] {
  const model = openTeaching(shippedPlace(), {}).linear
  const examples = readExamples('language/examples').intents.map(({ text }) => text)
  const texts = examples.map((_, i) => examples.slice(i, i + 3).join(' '))
  const extractor = new FeatureExtractor(model.lexicon)
  const tier = linearTier(model)
  const one = [{ text: '', language: 'en' }]
  const name = `speed on ${texts.length.toLocaleString('en')} texts`
  return [
    { name: `${name}: length`, value: texts.join('').length / texts.length, unit: 'characters/text' },
    {
      name: `${name}: features`,
      value: microseconds(texts, (text) => extractor.extract(text)),
      unit: 'CPU µs/text',
    },
    {
      name: `${name}: intent and sentiment, features included`,
      value: microseconds(texts, (text) => {
        one[0]!.text = text
        tier.understand(one)
      }),
      unit: 'CPU µs/text',
    },
  ]
}
