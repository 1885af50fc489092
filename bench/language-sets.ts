import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import type { Example } from '../language/examples.ts'
import { randomFrom, shuffled } from '../language/random.ts'
import type { EncodedLanguage } from '../language/teach/teaching.ts'
import { outOfScope } from '../language/tier.ts'

/** A public data set to measure on. The heads that ship are taught none of them; encoders were tuned on training parts (models/README.md). */
export interface LanguageSet {
  readonly name: string
  readonly train: readonly Example[]
  /** What no encoder was tuned on: to choose by. None: parts of `train` are held back in turn. */
  readonly validation: readonly Example[]
  readonly test: readonly Example[]
}

/** Whatever a set's texts look like, its language is known. */
export const languageOf = (name: string): EncodedLanguage =>
  name === 'SMP2017' || name.endsWith('reviews') ? 'zh' : 'en'

/** Texts that differ in case and blanks alone count as the same. */
const folded = (text: string): string => text.toLowerCase().replace(/\s+/g, '')

/** Less what also stands in the test part. */
export function withoutTest({ train, validation, test }: LanguageSet) {
  const held = new Set(test.map(({ text }) => folded(text)))
  const left = (examples: LanguageSet['train']) => examples.filter(({ text }) => !held.has(folded(text)))
  return { train: left(train), validation: left(validation) }
}

export interface Post {
  readonly text: string
  readonly sentiment: string
}

const lines = (file: string): string[] => readFileSync(file, 'utf8').trim().split('\n')
const jsonLines = <T>(file: string): T[] => lines(file).map((line) => JSON.parse(line) as T)

/**
 * Each set that the folder has, read when it is its turn.
 * @param mostReviews to train on, of each kind
 */
export function languageSets(folder: string, mostReviews = 10_000): readonly (() => LanguageSet)[] {
  const sets: readonly (readonly [string, (path: string) => LanguageSet])[] = [
    ['intent/clinc150/data_full.json', clinc],
    ['intent/banking77', banking],
    ['intent/smp-ecdt-zh/smp2017.jsonl', smp],
    ['sentiment/sst2-en', sst],
    ['sentiment/reviews-zh/waimai_10k.csv', (path) => reviews('waimai reviews', path, mostReviews)],
    [
      'sentiment/reviews-zh/online_shopping_10_cats.csv',
      (path) => reviews('shopping reviews', path, mostReviews),
    ],
  ]
  return sets
    .map(([path, read]) => [join(folder, path), read] as const)
    .filter(([path]) => existsSync(path))
    .map(
      ([path, read]) =>
        () =>
          read(path),
    )
}

export function airlinePosts(folder: string): readonly Post[] | undefined {
  const file = join(folder, 'replay/airline-tweets/tweets.jsonl')
  return existsSync(file) ? jsonLines<Post>(file) : undefined
}

type Pair = readonly [text: string, label: string]

function clinc(file: string): LanguageSet {
  const data = JSON.parse(readFileSync(file, 'utf8')) as Record<string, readonly Pair[]>
  const known = (part: string): Example[] => data[part]!.map(([text, label]) => ({ text, label }))
  const unknown = (part: string): Example[] => data[part]!.map(([text]) => ({ text, label: outOfScope }))
  const train = [...known('train'), ...unknown('oos_train')]
  return {
    name: 'CLINC150',
    train,
    validation: [...known('val'), ...unknown('oos_val')],
    test: [...known('test'), ...unknown('oos_test')],
  }
}

function banking(folder: string): LanguageSet {
  const part = (name: string): Example[] => {
    const labels = lines(join(folder, name, 'label'))
    return lines(join(folder, name, 'seq.in')).map((text, index) => ({ text, label: labels[index]! }))
  }
  return { name: 'BANKING77', train: part('train'), validation: part('valid'), test: part('test') }
}

function smp(file: string): LanguageSet {
  const rows = jsonLines<{ text: string; intent: string; split: string }>(file)
  const examples = (wanted: boolean): Example[] =>
    rows
      .filter(({ split }) => (split === 'test') === wanted)
      .map(({ text, intent }) => ({ text, label: intent }))
  return { name: 'SMP2017', train: examples(false), validation: [], test: examples(true) }
}

function sst(folder: string): LanguageSet {
  const part = (name: string): Example[] =>
    lines(join(folder, `${name}.tsv`)).map((line) => {
      const [text, label] = line.split('\t')
      return { text: text!, label: label! }
    })
  return { name: 'SST-2', train: part('train'), validation: part('dev'), test: part('test') }
}

/** A seeded split: 2,000 reviews to test on, up to so many after them to train on, and the last 2,000 to choose by. */
function reviews(name: string, file: string, most: number): LanguageSet {
  const rows = parse<{ label: string; review: string }>(readFileSync(file), { columns: true, bom: true })
  const order = shuffled([...rows.keys()], randomFrom(41))
  const examples = order.map((index) => ({ text: rows[index]!.review, label: rows[index]!.label }))
  const rest = examples.slice(2000).filter(({ text }) => text.trim() !== '')
  return {
    name,
    train: rest.slice(0, -2000).slice(0, most),
    validation: rest.slice(-2000),
    test: examples.slice(0, 2000),
  }
}
