import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Contextualised } from '../../schemas/generated/events.ts'
import { faq } from './faq.ts'
import { sample } from './manifest.ts'

const intents = ['order_status', 'refund', 'opening_hours', 'out_of_scope']
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'murmur-faq-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function plugin(yaml: string, confidence = 0.6) {
  const file = join(folder, 'faq.yaml')
  await writeFile(file, yaml)
  return faq({ file, confidence }, intents)
}

const file = `
answers:
  - intent: order_status
    en: It is on its way.
    zh: 正在路上。
  - intent: refund
    en: Within five days.
    confidence: 0.9
  - intent: opening_hours
    zh: 九点到五点。
fallback:
  en: Could you say that differently?
  zh: 能换个说法吗？
`

async function answer(intent: string, language: string, intentConfidence: number, yaml = file) {
  const utterance = { intent, language, intentConfidence } as Contextualised
  return (await (await plugin(yaml)).process(utterance))?.reply
}

describe('faq', () => {
  it('answers an intent in the language of the utterance', async () => {
    expect(await answer('order_status', 'en', 0.8)).toEqual({ text: 'It is on its way.', confidence: 0.8 })
    expect(await answer('order_status', 'zh', 0.8)).toEqual({ text: '正在路上。', confidence: 0.8 })
    expect((await answer('order_status', 'mixed', 0.8))?.text).toBe('正在路上。')
    expect((await answer('order_status', 'other', 0.8))?.text).toBe('It is on its way.')
  })

  it('answers in the other language where one is missing', async () => {
    expect((await answer('refund', 'zh', 1))?.text).toBe('Within five days.')
    expect((await answer('opening_hours', 'en', 1))?.text).toBe('九点到五点。')
  })

  it("stays silent below the answer's confidence, or else the plugin's", async () => {
    expect(await answer('order_status', 'en', 0.59)).toBeUndefined()
    expect(await answer('order_status', 'en', 0.6)).toBeDefined()
    expect(await answer('refund', 'en', 0.89)).toBeUndefined()
    expect(await answer('refund', 'en', 0.9)).toBeDefined()
  })

  it('gives the fallback for what is out of scope, where there is one', async () => {
    expect((await answer('out_of_scope', 'en', 0.2))?.text).toBe('Could you say that differently?')
    expect((await answer('out_of_scope', 'zh', 0.2))?.text).toBe('能换个说法吗？')
    expect(await answer('out_of_scope', 'en', 0.2, 'answers: []')).toBeUndefined()
  })

  it('stays silent about an intent without an answer', async () => {
    expect(await answer('refund', 'en', 1, 'answers: []')).toBeUndefined()
  })
})

describe('a file of answers with a mistake is refused, with its line', () => {
  it.each([
    ['an unknown key', 'answers:\n  - intent: refund\n    eng: Hi', ':3: unknown key "eng" (nearest: en)'],
    ['an unknown key at the top', 'answer: []', ':1: unknown key "answer" (nearest: answers)'],
    ['an unknown key in the fallback', 'answers: []\nfallback:\n  fr: Non', ':3: unknown key "fr"'],
    [
      'an unknown intent',
      'answers:\n\n  - intent: refunds\n    en: Hi',
      ':3: there is no intent "refunds" (nearest: refund)',
    ],
    [
      'an intent answered twice',
      'answers:\n  - {intent: refund, en: Hi}\n  - {intent: refund, en: Ho}',
      ':3: intent "refund" is answered twice',
    ],
    ['an answer without intent', 'answers:\n  - en: Hi', ':2: an answer needs an "intent"'],
    [
      'an answer without text',
      'answers:\n  - intent: refund',
      ':2: an answer needs a text: "en", "zh" or both',
    ],
    ['a text that is none', 'answers:\n  - intent: refund\n    en: 42', ':3: "en" is 42: write a text'],
    ['an empty text', 'answers:\n  - intent: refund\n    en: ""', ':3: "en" is "": write a text'],
    [
      'a confidence out of range',
      'answers:\n  - intent: refund\n    en: Hi\n    confidence: 60',
      ':4: "confidence" is 60: write a number from 0 to 1',
    ],
    ['answers that are no list', 'answers:\n  refund: Hi', ':2: "answers" must be a list'],
    ['no answers', 'fallback: {en: Hi}', ':1: "answers" must be a list'],
    ['an answer that is no mapping', 'answers:\n  - refund', ':2: an answer must be a mapping with intent'],
    ['an empty file', '', ':1: the file must be a mapping with answers, fallback'],
    ['no YAML', 'answers:\n  - {intent: refund', ':2: Flow map'],
  ])('%s', async (_, yaml, message) => {
    await expect(plugin(yaml)).rejects.toThrow(`faq.yaml${message}`)
  })

  it('but not the sample, whatever intents were taught', async () => {
    expect((await faq({ file: sample(), confidence: 0.6 }, ['renew_loan'])).name).toBe('faq')
  })

  it('or cannot be read', async () => {
    await expect(faq({ file: join(folder, 'none.yaml'), confidence: 0.6 }, intents)).rejects.toThrow(
      /the answers in ".*none.yaml" can't be read: ENOENT/,
    )
  })
})
