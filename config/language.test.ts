import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadConfig } from '../load-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'murmur-language-config-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'murmur.yaml')
const load = (text: string) => {
  writeFileSync(file, text)
  return loadConfig({ file, env: {} })
}

test('slots, aspects and urgent words are configuration; nothing has to be', () => {
  expect(load('')).toMatchObject({ slots: [], urgency: {}, context: { timezone: 'UTC' } })
  expect(load('').aspects).toBeUndefined()
  expect(load('aspects: {}\n').aspects).toEqual({})
  const text = `
context: { timezone: Asia/Shanghai }
slots:
  - name: sku
    pattern: '\\bSKU-(\\d+)\\b'
    normalise: upper
  - name: product
    list:
      Bolt Kettle: [bolt, 电水壶]
aspects:
  food: [food, taste*, 味道]
urgency:
  outage: 0.8
  soon: 0
`
  expect(load(text)).toMatchObject({
    context: { timezone: 'Asia/Shanghai' },
    slots: [
      { name: 'sku', pattern: '\\bSKU-(\\d+)\\b', normalise: 'upper' },
      { name: 'product', list: { 'Bolt Kettle': ['bolt', '电水壶'] } },
    ],
    aspects: { food: ['food', 'taste*', '味道'] },
    urgency: { outage: 0.8, soon: 0 },
  })
})

const slot = (lines: string) => `slots:\n  - name: own\n${lines.replaceAll(/^/gm, '    ')}\n`

test.each([
  ['an unknown key', slot('patern: a'), ':3: unknown key "slots.0.patern"; did you mean "pattern"?'],
  [
    'a name that no condition can say',
    'slots:\n  - name: my slot\n    pattern: a\n',
    ':2: "slots.0.name" is "my slot": write letters, digits',
  ],
  [
    'two of one name',
    'slots:\n  - { name: a, pattern: a }\n  - { name: a, pattern: b }\n',
    ':3: "slots.1.name" is "a": a slot above has that name',
  ],
  [
    'neither pattern nor list',
    slot('normalise: upper'),
    '"slots.0.pattern" is missing: a slot has a pattern or a list',
  ],
  [
    'both pattern and list',
    slot('pattern: a\nlist: {}'),
    ':4: "slots.0.list" is {}: a slot has a pattern or a list',
  ],
  [
    'a pattern that ends too early',
    slot('pattern: "(a"'),
    ':3: "slots.0.pattern" is "(a": missing closing )',
  ],
  [
    'a pattern that looks back',
    slot('pattern: "(?<=no )a"'),
    "write RE2's syntax, which looks neither ahead nor back",
  ],
  ['a pattern that repeats what it found', slot('pattern: "(a)\\\\1"'), "write RE2's syntax"],
  ['a pattern of too many states', slot('pattern: "((a{1,1000}){1,1000})"'), '"slots.0.pattern" is'],
  [
    'a pattern of nothing',
    slot('pattern: "a*"'),
    ':3: "slots.0.pattern" is "a*": the pattern matches nothing at all',
  ],
  [
    'a group that is not there',
    slot('pattern: "(a)b"\ngroup: 2'),
    'the pattern has 1 group: write a group from 0 to 1',
  ],
  ['an unknown normalisation', slot('pattern: a\nnormalise: uper'), ':4: "slots.0.normalise" is "uper"'],
  [
    'a normalised list',
    slot('list: { a: [b] }\nnormalise: upper'),
    ':4: "slots.0.normalise" is "upper": a list has its values as they are',
  ],
  [
    'a group of a list',
    slot('list: { a: [b] }\ngroup: 1'),
    ':4: "slots.0.group" is 1: only a pattern has groups',
  ],
  [
    'a word for two values',
    slot('list: { one: [x], two: [X] }'),
    ':3: "slots.0.list" is {"one":["x"],"two":["X"]}: "X" stands for "one" and "two": keep one',
  ],
  ['an aspect without terms', 'aspects:\n  food: []\n', ':2: "aspects.food" is []'],
  ['a term of nothing', 'aspects:\n  food: ["*"]\n', ':2: "aspects.food.0" is "*": write a word or a phrase'],
  ['a weight that is none', 'urgency:\n  outage: high\n', ':2: "urgency.outage" is "high"'],
  ['a weight out of range', 'urgency:\n  outage: 8\n', ':2: "urgency.outage" is 8'],
  [
    'a time zone that is none',
    'context:\n  timezone: Shanghai\n',
    ':2: "context.timezone" is "Shanghai": write the name of a time zone',
  ],
])('%s is told, with file and line', (_, text, fault) => {
  expect(() => load(text)).toThrow(fault)
})

test('a key that is nearly right is told the nearest', () => {
  expect(() => load('slot: []\n')).toThrow(`${file}:1: unknown key "slot"; did you mean "slots"?`)
  expect(() => load('aspect: {}\n')).toThrow('did you mean "aspects"?')
})
