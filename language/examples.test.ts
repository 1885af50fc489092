import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readExamples } from './examples.ts'

let folder: string
const write = (name: string, text: string): void => writeFileSync(join(folder, `${name}.yaml`), text)
const greetings = 'intents:\n  greeting: [hi, hello, hey, good morning, good evening]\n'

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'murmur-examples-'))
  write('intents.en', greetings)
  write('intents.zh', 'intents: {greeting: [你好], out_of_scope: [今天天气怎么样]}')
  write('sentiment.en', 'positive: [lovely]\nneutral: [a parcel]\nnegative: [awful, Awful]')
  write('sentiment.zh', 'positive: [很好]\nneutral: [一个包裹]\nnegative: [太差]')
  write('lexicon.en', 'positive: [good]\nnegative: [bad]')
  write('lexicon.zh', 'positive: [满意]\nnegative: [差]')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('reads all files, both languages together, without repetitions', () => {
  const { intents, sentiments, lexicon } = readExamples(folder)
  expect(intents.map(({ label }) => label)).toEqual([...Array(6).fill('greeting'), 'out_of_scope'])
  expect(sentiments.filter(({ label }) => label === 'negative').map(({ text }) => text)).toEqual([
    'awful',
    '太差',
  ])
  expect(lexicon).toEqual({ positive: ['good', '满意'], negative: ['bad', '差'] })
})

test.each([
  ['intents.en', 'intent:\n  a: [b]', /intents\.en\.yaml:1: unknown key "intent"; did you mean "intents"\?/],
  [
    'sentiment.en',
    'positive: [a]\nnegativ: [b]',
    /sentiment\.en\.yaml:2: unknown key "negativ"; did you mean "negative"\?/,
  ],
  [
    'intents.en',
    `${greetings}  greetin:\n    - ahoy\n`,
    /intents\.en\.yaml:4: intent "greetin" has 1 examples and needs 5\. If "greeting"/,
  ],
  ['intents.en', 'intents: {a: [b]}', /intent "a" has 1 examples and needs 5\.$/],
  [
    'intents.en',
    `${greetings}  out_of_scope: [HI]\n`,
    /:3: "HI" stands under "out_of_scope" and, at .*:2, under/,
  ],
  ['intents.en', 'intents:\n  greeting: hi', /:2: "greeting" must be a list of texts/],
  ['intents.en', 'intents:\n  greeting:\n    - 5', /:3: an example of "greeting" must be a text/],
  ['intents.en', 'intents: [', /intents\.en\.yaml:1: /],
  ['intents.en', '', /expected names and what stands under them/],
  ['lexicon.en', 'positive: [well done]\nnegative: []', /:1: "well done" is no entry for the lexicon/],
  ['lexicon.zh', 'positive: [一二三四五]\nnegative: []', /:1: "一二三四五" is no entry/],
])('%s: %j is refused, with the place and the remedy', (name, text, message) => {
  write(name, text)
  expect(() => readExamples(folder)).toThrow(message)
})
