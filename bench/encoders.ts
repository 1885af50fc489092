import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { calibrationError } from '../language/calibrate.ts'
import { readExamples } from '../language/examples.ts'
import { answersOf, priorOf, verdictOf } from '../language/heads/dense.ts'
import { matrixProduct } from '../language/heads/products.ts'
import { Lexicon } from '../language/lexicon.ts'
import { highest, Predictor } from '../language/linear.ts'
import { closeEncoders, type Encoders, openEncoders } from '../language/open.ts'
import { teach } from '../language/teach/teach.ts'
import type { EncodedLanguage, Teaching } from '../language/teach/teaching.ts'
import { outOfScope } from '../language/tier.ts'
import { tasksOf } from '../language/trainer.ts'
import { airlinePosts, type LanguageSet, languageOf, languageSets, withoutTest } from './language-sets.ts'
import type { Figure, SuiteOptions } from './machine.ts'

export const about = `The encoders, with heads taught by \`murmur language train\`'s own code on each public set's training part, less the texts that also
stand in its test part, and measured on the test part. \`accuracy\` is of the encoder with the linear tier's opinion mixed in where
validation found that better; \`linear may answer\` is the share of test texts that the cascade leaves to the linear tier, at
thresholds chosen on validation, and \`cascade\` what is right then. The encoders were tuned on the training parts of all these sets but
the airline posts: [their card](../models/README.md) says what that means. Speed is of one thread.`

const goals: Readonly<Record<string, number>> = {
  CLINC150: 96.5,
  BANKING77: 93.8,
  'SST-2': 90,
  SMP2017: 94.5,
  'waimai reviews': 92,
  'shopping reviews': 95,
}

export async function run({ data }: SuiteOptions): Promise<readonly Figure[]> {
  const startedAt = performance.now()
  const encoders = await openEncoders()
  await encoders.en?.encode(['ready?'])
  const ready = performance.now() - startedAt
  const figures: Figure[] = [{ name: 'encoders: both ready', value: ready, unit: 'ms', atMost: 600 }]
  if (!existsSync(data)) console.error(`skipped the accuracy on public data sets: there is no folder ${data}`)
  // As "murmur language train" reads: on all cores
  const readers = await openEncoders(availableParallelism())
  for (const read of languageSets(data, Number.POSITIVE_INFINITY))
    figures.push(...(await measure(read(), readers)))
  await closeEncoders(readers)
  figures.push(...(await measurePosts(data, encoders)), ...(await measureSpeed(data, encoders)))
  figures.push({
    name: 'encoders: memory of this process, training data included',
    value: process.memoryUsage().rss / 2 ** 20,
    unit: 'MiB',
  })
  await closeEncoders(encoders)
  return figures
}

const percent = (name: string, part: number, whole: number, atLeast?: number): Figure => ({
  name,
  value: (100 * part) / whole,
  unit: '%',
  ...(atLeast === undefined ? {} : { atLeast }),
})

async function measure(set: LanguageSet, all: Encoders): Promise<Figure[]> {
  const { name, test } = set
  const language = languageOf(name)
  const encoder = all[language]!
  const open = test.some(({ label }) => label === outOfScope)
  const { train: examples, validation } = withoutTest(set)
  const startedAt = performance.now()
  // Whatever the set's texts look like, its encoder is known
  const task = {
    name: open ? 'intent' : 'label',
    examples,
    validation,
    cost: 1,
    lexiconScale: 1,
  }
  const teaching = await teach(
    [task],
    new Lexicon([], []),
    { [language]: encoder },
    () => {},
    () => language,
  )
  const seconds = (performance.now() - startedAt) / 1000
  const judged = await judge(teaching, language, test, all)
  const known = judged.filter(({ truth }) => truth !== outOfScope)
  const unknown = judged.filter(({ truth }) => truth === outOfScope)
  const count = (some: typeof judged, test: (one: (typeof judged)[number]) => boolean) =>
    some.filter(test).length
  return [
    percent(
      `${name}: accuracy`,
      count(known, ({ best, truth }) => best === truth),
      known.length,
      goals[name],
    ),
    percent(
      `${name}: linear alone`,
      count(known, ({ linear, truth }) => linear === truth),
      known.length,
    ),
    percent(
      `${name}: linear may answer`,
      count(known, ({ quick }) => quick),
      known.length,
    ),
    percent(
      `${name}: cascade`,
      count(known, ({ quick, linear, best, truth }) => (quick ? linear : best) === truth),
      known.length,
    ),
    {
      name: `${name}: expected calibration error`,
      value:
        100 *
        calibrationError(
          judged.map(({ told, truth, confidence }) => ({ confidence, right: told === truth })),
        ),
      unit: '%',
      atMost: 3,
    },
    ...(open
      ? [
          percent(
            `${name}: accuracy where out of scope is an answer`,
            count(known, ({ told, truth }) => told === truth),
            known.length,
            93.5,
          ),
          percent(
            `${name}: out of scope found`,
            count(unknown, ({ told }) => told === outOfScope),
            unknown.length,
            93,
          ),
        ]
      : []),
    {
      name: `${name}: training, reading included`,
      value: seconds,
      unit: 's',
      ...(name === 'CLINC150' ? { atMost: 30 } : {}),
    },
  ]
}

interface Judged {
  readonly truth: string
  /** The most likely label, whether or not it is in scope. */
  readonly best: string
  readonly told: string
  readonly confidence: number
  readonly linear: string
  /** Whether the linear tier may answer. */
  readonly quick: boolean
}

async function judge(
  { linear, dense, thresholds }: Teaching,
  language: EncodedLanguage,
  test: LanguageSet['test'],
  encoders: Encoders,
): Promise<Judged[]> {
  const head = dense[language]!.heads[0]!
  const encoder = encoders[language]!
  const predictor = new Predictor(linear)
  const classes = head.labels.length
  const priors = test.map(({ text }) => {
    predictor.read(text)
    return predictor.probabilities.slice()
  })
  const vectors = {
    rows: test.length,
    columns: encoder.manifest.dimensions,
    values: await encoder.encode(test.map(({ text }) => text)),
  }
  const prior = (text: number, label: number) => priorOf(priors[text]![label]!)
  const answers = await answersOf(head, vectors, prior, await matrixProduct())
  return answers.map((answer, at) => {
    const best = highest(answer.probabilities, 0, classes)
    const { label, confidence } = verdictOf(answer)
    const own = priors[at]!
    const top = highest(own, 0, classes)
    const none = linear.heads[0]!.background === undefined ? 0 : 1 - own.reduce((sum, one) => sum + one, 0)
    return {
      truth: test[at]!.label,
      best: head.labels[best]!,
      told: head.labels[label] ?? outOfScope,
      confidence,
      linear: none > own[top]! ? outOfScope : head.labels[top]!,
      quick: Math.max(none, own[top]!) >= thresholds[language]![head.name]!,
    }
  })
}

/** Sentiment that is taught from this project's examples alone, on posts of a kind that nothing was trained on. */
async function measurePosts(data: string, encoders: Encoders): Promise<Figure[]> {
  const posts = airlinePosts(data)
  if (!posts) return []
  const { lexicon, ...own } = readExamples('language/examples')
  const tasks = tasksOf(own).filter(({ name }) => name === 'sentiment')
  const teaching = await teach(tasks, new Lexicon(lexicon.positive, lexicon.negative), encoders)
  const test = posts.map(({ text, sentiment }) => ({ text, label: sentiment }))
  const judged = await judge(teaching, 'en', test, encoders)
  const classes = ['negative', 'neutral', 'positive']
  const f1 = classes.map((name) => {
    const hits = judged.filter(({ truth, best }) => truth === name && best === name).length
    const either =
      judged.filter(({ best }) => best === name).length + judged.filter(({ truth }) => truth === name).length
    return (2 * hits) / Math.max(1, either)
  })
  return [
    percent(
      'airline posts, 3 classes: accuracy',
      judged.filter(({ truth, best }) => truth === best).length,
      judged.length,
      75,
    ),
    percent(
      'airline posts, 3 classes: macro-F1',
      f1.reduce((sum, one) => sum + one, 0),
      classes.length,
      70,
    ),
  ]
}

async function measureSpeed(data: string, { en }: Encoders): Promise<Figure[]> {
  const clinc = languageSets(data)[0]?.()
  const texts = (clinc?.test ?? readExamples('language/examples').intents)
    .map(({ text }) => text)
    .slice(0, 3200)
  const before = process.cpuUsage()
  for (let i = 0; i < texts.length; i += 32) await en!.encode(texts.slice(i, i + 32))
  const { user, system } = process.cpuUsage(before)
  const alone: number[] = []
  for (const text of texts.slice(0, 1000)) {
    const startedAt = performance.now()
    await en!.encode([text])
    alone.push(performance.now() - startedAt)
  }
  alone.sort((a, b) => a - b)
  return [
    {
      name: 'speed: English texts a second of CPU, 32 at a time',
      value: texts.length / ((user + system) / 1e6),
      unit: 'texts/s',
      atLeast: 900,
    },
    { name: 'speed: one text alone, p50', value: alone[Math.floor(alone.length / 2)]!, unit: 'ms' },
    {
      name: 'speed: one text alone, p99',
      value: alone[Math.floor(0.99 * alone.length)]!,
      unit: 'ms',
      atMost: 8,
    },
  ]
}
