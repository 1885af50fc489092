import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closeEncoders, type Encoders, openEncoders } from '../open.ts'
import { checkExamples } from './check.ts'
import { readLabelled, readLessons, readWritten } from './read.ts'

const folder = mkdtempSync(join(tmpdir(), 'murmur-lessons-'))
afterAll(() => rmSync(folder, { recursive: true }))

function lay(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

const list = (texts: readonly string[]) => texts.map((text) => `    - ${JSON.stringify(text)}\n`).join('')
const own = (of: Readonly<Record<string, readonly string[]>>) =>
  `intents:\n${Object.entries(of)
    .map(([label, texts]) => `  ${label}:\n${list(texts)}`)
    .join('')}`
const five = (word: string) => ['one', 'two', 'three', 'four', 'five'].map((number) => `${word} ${number}`)

const intentsOf = (file: string, corrections?: string) =>
  readLessons(file, corrections)
    .tasks.find(({ name }) => name === 'intent')!
    .examples.map(({ text, label }) => `${label}: ${text}`)

describe('a file of lessons', () => {
  test('holds intents with their examples; sentiment is the one that ships', () => {
    const file = lay('own.yaml', own({ pay: five('pay'), ship: five('ship') }))
    expect(intentsOf(file)).toEqual([
      ...five('pay').map((text) => `pay: ${text}`),
      ...five('ship').map((text) => `ship: ${text}`),
    ])
    expect(readLessons(file).tasks.map(({ name }) => name)).toEqual(['intent', 'sentiment'])
  })

  test('may be in Rasa’s form: marks of entities are left out, so is what is no intent', () => {
    const file = lay(
      'rasa.yml',
      `version: "3.1"
nlu:
- intent: fly
  examples: |
    - fly to [Berlin](city)
    - a flight to [Rome]{"entity": "city", "role": "to"}
    - fly one
    - fly two
    - fly three
- synonym: Rome
  examples: |
    - Roma
- intent: stay
  examples: |
    - stay one
    - stay two
    - stay three
    - stay four
    - stay five
`,
    )
    expect(intentsOf(file).slice(0, 3)).toEqual([
      'fly: fly to Berlin',
      'fly: a flight to Rome',
      'fly: fly one',
    ])
    expect(intentsOf(file)).toHaveLength(10)
    expect(readWritten(file).intents![0]!.place).toBe(`${file}:5`)
  })

  test('may ask further questions than intent and sentiment: heads of its own', () => {
    const heads = `heads:\n  spam:\n    yes:\n${list(five('buy'))}    no:\n${list(five('ask'))}`
    const [intent, , spam] = readLessons(lay('heads.yaml', heads)).tasks
    expect(intent!.examples.length).toBeGreaterThan(1000)
    expect([spam!.name, spam!.examples.map(({ label }) => label)]).toEqual([
      'spam',
      [...five('yes').fill('yes'), ...five('no').fill('no')],
    ])
    const both = lay('both.yaml', own({ pay: five('pay'), ship: five('ship') }) + heads)
    expect(readLessons(both).tasks.map(({ name, examples }) => `${name} ${examples.length}`)).toEqual([
      'intent 10',
      expect.stringMatching(/^sentiment \d+$/),
      'spam 10',
    ])
  })

  test('is overruled by corrections', () => {
    const file = lay('own.yaml', own({ pay: five('pay'), ship: five('ship') }))
    const corrections = lay(
      'corrections.jsonl',
      '{"text":"Pay ONE","label":"ship"}\n\n{"text":"new","label":"pay"}\n',
    )
    const found = intentsOf(file, corrections)
    expect(found).toContain('ship: Pay ONE')
    expect(found).toContain('pay: new')
    expect(found).not.toContain('pay: pay one')
  })

  test('may have texts to choose by, of the same labels', () => {
    const file = lay('own.yaml', own({ pay: five('pay'), ship: five('ship') }))
    const texts = lay(
      'validation.jsonl',
      '{"text":"pay it","label":"pay"}\n{"text":"x","label":"out_of_scope"}\n',
    )
    expect(readLessons(file, undefined, texts).tasks[0]!.validation).toHaveLength(2)
    const strange = lay('strange.jsonl', '{"text":"pay it","label":"pya"}\n')
    expect(() => readLessons(file, undefined, strange)).toThrow(
      /strange\.jsonl: no example is labelled "pya"; did you mean "pay"\?/,
    )
  })

  test('takes a thousand intents', () => {
    const many = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`intent_${i}`, five(`thing ${i}`)]),
    )
    expect(intentsOf(lay('many.yaml', own(many)))).toHaveLength(5000)
  })

  test.each([
    [
      'an intent with one example',
      own({ pay: five('pay'), pray: ['pray'] }),
      /lessons\.yaml:\d+: intent "pray" has 1 examples and needs 5\. If "pay" was meant/,
    ],
    [
      'a text under two intents',
      own({ pay: five('pay'), ship: [...five('ship'), 'pay one'] }),
      /stands under "ship" and, at .+, under "pay"; keep one/,
    ],
    [
      'an intent twice',
      `${own({ pay: five('pay') })}  pay:\n${list(five('more'))}`,
      /lessons\.yaml:\d+: .*unique/i,
    ],
    ['one intent alone', own({ pay: five('pay') }), /there must be two labels of "intent" at least/],
    [
      'a head of one label',
      `heads:\n  spam:\n    yes:\n${list(five('buy'))}`,
      /there must be two labels of "spam" at least/,
    ],
    [
      'a label of a head with one example',
      `heads:\n  spam:\n    yes:\n${list(five('buy'))}    no: [what]\n`,
      /lessons\.yaml:9: spam "no" has 1 examples and needs 5/,
    ],
    [
      'a head that is called as a field is',
      'heads:\n  sentiment:\n    good: [a]\n',
      /lessons\.yaml:3: a head can't be called "sentiment": write letters/,
    ],
    ['another key', 'intentss:\n  a: [b]\n', /unknown key "intentss"; did you mean "intents"/],
    ['Rasa without a list', 'nlu: {}\n', /"nlu" must be a list/],
    [
      'Rasa with examples that are no text',
      'nlu:\n- intent: a\n  examples: [b]\n',
      /lessons\.yaml:\d+: "examples" of "a" must be a text/,
    ],
    ['YAML that does not parse', 'nlu: [\n', /lessons\.yaml:\d+: /],
  ])('%s is refused with its place', (_, text, message) => {
    const file = lay('lessons.yaml', text)
    expect(() => readLessons(file)).toThrow(message)
  })

  test('a label may stand under the name of the task', () => {
    const file = lay(
      'moods.jsonl',
      '{"text":"a","sentiment":"positive"}\n{"text":"b","label":1,"sentiment":"x"}\n',
    )
    expect(readLabelled(file, 'sentiment')).toEqual([
      { text: 'a', label: 'positive' },
      { text: 'b', label: '1' },
    ])
    expect(() => readLabelled(file)).toThrow(/moods\.jsonl:1: expected/)
  })

  test('a file that is not there is refused', () => {
    expect(() => readLessons(join(folder, 'none.yaml'))).toThrow('does not exist; name a YAML file')
    expect(() => readLabelled(join(folder, 'none.jsonl'))).toThrow(
      'does not exist; name a file of JSON lines',
    )
    expect(() => readLabelled(lay('bad.jsonl', '{"text":"a","label":"b"}\n{"text":1}\n'))).toThrow(
      /bad\.jsonl:2: expected/,
    )
    expect(() => readLabelled(lay('worse.jsonl', 'text\n'))).toThrow(/worse\.jsonl:1: expected/)
  })
})

describe('a check', () => {
  let encoders: Encoders
  beforeAll(async () => {
    encoders = await openEncoders()
  })
  afterAll(() => closeEncoders(encoders))

  test('finds repetitions, contradictions, thin intents, and those that are much alike', async () => {
    const refund = [
      'I want my money back',
      'please refund me',
      'give me a refund',
      'refund my order',
      'how do I get my money back',
    ]
    const repay = [
      'I would like my money back',
      'can you refund me please',
      'a refund, please',
      'refund this order',
      'get me my money back',
    ]
    const file = lay(
      'check.yaml',
      own({
        refund: [...refund, 'Refund me, PLEASE'],
        repay: [...repay, 'please refund me!'],
        weather: five('will it rain on day'),
      }),
    )
    const findings = await checkExamples(readWritten(file).intents!, encoders)
    const kinds = (kind: string) => findings.filter((one) => one.kind === kind).map(({ message }) => message)
    expect(kinds('contradiction')).toEqual([
      expect.stringMatching(/"please refund me!" stands under "repay" and, at .+, under "refund"/),
    ])
    expect(kinds('duplicate')).toEqual([])
    expect(kinds('thin')).toHaveLength(3)
    expect(kinds('near')).toEqual([expect.stringContaining('"refund" and "repay" are much alike in "en"')])
  })
})
