import { existsSync } from 'node:fs'
import { cascade } from '../language/cascade.ts'
import { type Example, readExamples } from '../language/examples.ts'
import { Lexicon } from '../language/lexicon.ts'
import { closeEncoders, type Encoders, openEncoders, tiersOf } from '../language/open.ts'
import { teach } from '../language/teach/teach.ts'
import type { EncodedLanguage, Teaching } from '../language/teach/teaching.ts'
import { outOfScope } from '../language/tier.ts'
import { tasksOf } from '../language/trainer.ts'
import { writeUtterances } from './input.ts'
import { type LanguageSet, languageOf, languageSets, withoutTest } from './language-sets.ts'
import type { Figure, SuiteOptions } from './machine.ts'
import { MemoryWatch } from './procfs.ts'
import { drained, ended, murmur, temporaryFile, withPipeline } from './running.ts'

const claim = 512
const moods = { 0: 'negative', 1: 'positive' } as const

export const about = `Intent and sentiment of every text by the cascade, as the pipeline asks for them: the test parts of the public sets in claims of
${claim} texts, none of them twice, so that nothing is remembered. A set's own question is taught by its training part, the other by what ships; the linear
tier answers where it is sure of both. \`lost\` is how much less often the set's question is answered rightly than by the encoder alone. Speed is
of one thread; the mix has as many texts of each set (film reviews, SST-2, left out) on two cores. Memory is of a processor with both encoders that has worked.`

export async function run({ data }: SuiteOptions): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  if (existsSync(data)) {
    const encoders = await openEncoders()
    const seconds: number[] = []
    for (const read of languageSets(data)) {
      const set = read()
      if (set.name === 'SST-2') continue
      const { perText, ...found } = await measure(set, encoders)
      seconds.push(perText)
      figures.push(...found.figures)
    }
    await closeEncoders(encoders)
    const mean = seconds.reduce((sum, one) => sum + one, 0) / seconds.length
    figures.push({ name: 'the mix on two cores', value: 2 / mean, unit: 'texts/s', atLeast: 10_000 })
  } else console.error(`skipped the public data sets: there is no folder ${data}`)
  return [...figures, ...(await memory())]
}

async function measure(set: LanguageSet, encoders: Encoders) {
  const { name, test } = set
  const about = name.endsWith('reviews') ? 'sentiment' : 'intent'
  const teaching = await taught(set, about, encoders)
  const known = test.filter(({ label }) => label !== outOfScope)
  const quick = await answered(teaching, encoders, 'cascade', known, languageOf(name))
  const deep = await answered(teaching, encoders, 'bert', known, languageOf(name))
  const right = ({ answers }: typeof quick) =>
    known.filter(({ label }, at) => answers[at]![about] === labelOf(label, about)).length / known.length
  const linear = quick.answers.filter(({ tier }) => tier === 'linear').length / known.length
  return {
    perText: quick.seconds / known.length,
    figures: [
      { name: `${name}: left to the linear tier`, value: 100 * linear, unit: '%' },
      { name: `${name}: lost`, value: 100 * (right(deep) - right(quick)), unit: 'points', atMost: 0.2 },
      { name: `${name}: speed`, value: known.length / quick.seconds, unit: 'texts/s of CPU' },
      {
        name: `${name}: speed by the encoder alone`,
        value: known.length / deep.seconds,
        unit: 'texts/s of CPU',
      },
    ] satisfies Figure[],
  }
}

const labelOf = (label: string, about: 'intent' | 'sentiment'): string =>
  about === 'sentiment' ? (moods[label as unknown as keyof typeof moods] ?? label) : label

async function taught(
  set: LanguageSet,
  about: 'intent' | 'sentiment',
  encoders: Encoders,
): Promise<Teaching> {
  const { lexicon, ...own } = readExamples('language/examples')
  const labelled = (examples: readonly Example[]) =>
    examples.map(({ text, label }) => ({ text, label: labelOf(label, about) }))
  const { train, validation } = withoutTest(set)
  const tasks = tasksOf(
    about === 'intent'
      ? { ...own, intents: train }
      : {
          ...own,
          sentiments: [...labelled(train), ...own.sentiments.filter(({ label }) => label === 'neutral')],
        },
  )
  const lessons = tasks.map((task) =>
    task.name === about && validation.length > 0 ? { ...task, validation: labelled(validation) } : task,
  )
  return teach(lessons, new Lexicon(lexicon.positive, lexicon.negative), encoders)
}

async function answered(
  teaching: Teaching,
  encoders: Encoders,
  tier: 'cascade' | 'bert',
  examples: readonly Example[],
  language: EncodedLanguage,
) {
  const { understand } = cascade(await tiersOf(teaching, encoders, tier, 0.15))
  const texts = examples.map(({ text }) => ({ text, language }))
  const answers = []
  await understand(texts.slice(0, 64))
  const before = process.cpuUsage()
  for (let from = 64; from < texts.length; from += claim)
    answers.push(...(await understand(texts.slice(from, from + claim))))
  const { user, system } = process.cpuUsage(before)
  const seconds = ((user + system) / 1e6) * (texts.length / (texts.length - 64))
  return { answers: [...(await understand(texts.slice(0, 64))), ...answers], seconds }
}

async function memory(): Promise<Figure[]> {
  return withPipeline(async (running) => {
    const processes = new Map([...running.processes].filter(([name]) => name === 'conversation-1'))
    const watch = new MemoryWatch(processes)
    await temporaryFile(async (file) => {
      writeUtterances(file, 10_000, 'feed')
      await ended(murmur(running.data, ['ingest', file, '--json'], 'ignore'))
    })
    await drained(running)
    watch.stop()
    return watch.figures('10,000 utterances of the feed, both encoders')
  })
}
