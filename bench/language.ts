// How well and how fast the linear tier understands: node dist/bench/language.js [--data FOLDER] [--json]
import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { readExamples } from '../language/examples.ts'
import { FeatureExtractor } from '../language/features.ts'
import { Lexicon } from '../language/lexicon.ts'
import { highest, Predictor } from '../language/linear.ts'
import { linearTier } from '../language/linear-tier.ts'
import { loadModel, shippedModel } from '../language/model-file.ts'
import { outOfScope } from '../language/tier.ts'
import { trainModel } from '../language/trainer.ts'
import { airlinePosts, type LanguageSet, languageSets, type Post } from './language-sets.ts'

type Row = Readonly<Record<string, string | number>>

const percent = (part: number, whole: number): number => Math.round((10_000 * part) / whole) / 100

/**
 * Trains on a set's training part, less the texts that also stand in the test part, with the settings of the
 * shipped intents, and measures on the test part.
 */
function measure({ name, train, test, reference }: LanguageSet): Row {
  const folded = (text: string): string => text.toLowerCase().replace(/\s+/g, '')
  const held = new Set(test.map(({ text }) => folded(text)))
  const examples = train.filter(({ text }) => !held.has(folded(text)))
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
  return {
    set: name,
    accuracy: percent(known.filter(({ right }) => right).length, known.length),
    ...(reference !== undefined && { reference }),
    ...(unknown.length > 0 && {
      'accuracy, out of scope allowed': percent(
        known.filter(({ right, kept }) => right && kept).length,
        known.length,
      ),
      'out-of-scope recall': percent(unknown.filter(({ kept }) => !kept).length, unknown.length),
    }),
    'training s': Math.round(10 * seconds) / 10,
  }
}

/** The shipped sentiment on posts of a kind that it was not trained on. */
function measureShipped(posts: readonly Post[]): Row {
  const answers = linearTier(loadModel(shippedModel)).understand(
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
  return {
    set: 'airline posts, shipped sentiment',
    accuracy: percent(right, posts.length),
    'macro-F1': percent(
      f1.reduce((sum, value) => sum + value, 0),
      classes.length,
    ),
  }
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
  return Math.round(100 * best) / 100
}

/** On the project's own examples, three to a text, so that the figure needs no data from elsewhere. */
function measureSpeed(): Row {
  const model = loadModel(shippedModel)
  const examples = readExamples('language/examples').intents.map(({ text }) => text)
  const texts = examples.map((_, i) => examples.slice(i, i + 3).join(' '))
  const extractor = new FeatureExtractor(model.lexicon)
  const tier = linearTier(model)
  const one = [{ text: '', language: 'en' }]
  return {
    set: `speed on ${texts.length} texts`,
    'characters a text': Math.round(texts.join('').length / texts.length),
    columns: model.biases.length,
    'features µs': microseconds(texts, (text) => extractor.extract(text)),
    'understand µs': microseconds(texts, (text) => {
      one[0]!.text = text
      tier.understand(one)
    }),
  }
}

const { data, json } = new Command()
  .option('--data <folder>', 'folder with the public data sets', '../shared/data')
  .option('--json', 'one JSON object a line')
  .parse()
  .opts<{ data: string; json?: true }>()

const report = (row: Row): void =>
  json
    ? console.log(JSON.stringify(row))
    : console.log(
        Object.entries(row)
          .map(([name, value]) => `${name} ${value}`)
          .join(' · '),
      )

report(measureSpeed())
if (!existsSync(data)) console.error(`skipped the accuracy on public data sets: there is no folder ${data}`)
for (const read of languageSets(data)) report(measure(read()))
const posts = airlinePosts(data)
if (posts) report(measureShipped(posts))
