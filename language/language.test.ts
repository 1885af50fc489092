import { mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { noFallback } from './fallback.ts'
import { type Language, type LanguageSettings, openLanguage, taughtIntents } from './language.ts'
import { Lexicon } from './lexicon.ts'
import { shippedPlace } from './open.ts'
import { teach } from './teach/teach.ts'
import { saveTeaching } from './teach/teaching.ts'
import { useVersion } from './teach/versions.ts'
import { tasksOf } from './trainer.ts'

const folder = mkdtempSync(join(tmpdir(), 'murmur-language-'))
afterAll(() => rmSync(folder, { recursive: true }))
let opened: Language | undefined
afterEach(() => opened?.close())

const of = (label: string, words: readonly string[]) =>
  words
    .flatMap((word) => ['please', 'now', 'again', 'today', 'soon'].map((one) => `${word} ${one}`))
    .map((text) => ({ text, label }))
const sentiments = [
  ...of('positive', ['great', 'lovely']),
  ...of('negative', ['awful', 'broken']),
  ...of('neutral', ['where', 'when']),
]

/** Teaches the linear tier which words stand for which intents. @returns the version */
async function taught(intents: Readonly<Record<string, readonly string[]>>, topics?: typeof intents) {
  const examples = (labels: typeof intents) =>
    Object.entries(labels).flatMap(([label, words]) => of(label, words))
  const heads = new Map(topics ? [['topic', examples(topics)]] : [])
  const tasks = tasksOf({ intents: examples(intents), sentiments }, heads)
  const teaching = await teach(tasks, new Lexicon(['great'], ['awful']), {})
  saveTeaching(teaching, folder)
  return teaching.version
}

const settings = (more: Partial<LanguageSettings> = {}): LanguageSettings => ({
  folder,
  orShipped: true,
  tier: 'linear',
  margin: 0.15,
  fallback: noFallback,
  ...more,
})

const quiet = () => {}
const open = async (more: Partial<LanguageSettings> = {}) => {
  opened = await openLanguage(settings(more), undefined, quiet)
  return opened
}
const ask = async (language: Language, text: string) =>
  (await language.understand([{ text, language: 'en' }]))[0]!

const fruit = await taught({ apple: ['apple', 'cider'], pear: ['pear', 'perry'] })
const swapped = await taught({ pomme: ['apple', 'cider'], poire: ['pear', 'perry'] })
const topical = await taught(
  { apple: ['apple', 'cider'], pear: ['pear', 'perry'] },
  { eat: ['apple', 'pear'], drink: ['cider', 'perry'] },
)

describe('what understands texts', () => {
  test('is what ships while nothing was taught; without that, it is an error that says what to do', async () => {
    const language = await open()
    expect(language.version).toBe(shippedPlace().version)
    expect((await ask(language, 'where is my order?')).intent).toBe('order_status')
    expect(taughtIntents(settings())).toContain('order_status')
    await expect(openLanguage(settings({ orShipped: false }))).rejects.toThrow(
      /holds nothing that was taught: there is no file "current" in it; teach it with "murmur language train --out/,
    )
  })

  test('answers by another version as soon as that is put into use, and by none lost in between', async () => {
    const language = await open()
    useVersion(folder, fruit)
    await vi.waitFor(() => expect(language.version).toBe(fruit), 5000)
    expect(await ask(language, 'cider please')).toMatchObject({ intent: 'apple', model: fruit })
    useVersion(folder, swapped)
    const asked: string[] = []
    while (language.version !== swapped) {
      asked.push((await ask(language, 'cider please')).intent)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    asked.push((await ask(language, 'cider please')).intent)
    expect([...new Set(asked)]).toEqual(['apple', 'pomme'])
    expect(language.answered.get('linear')).toBe(asked.length + 1)
    useVersion(folder, undefined)
    await vi.waitFor(() => expect(language.version).toBe(shippedPlace().version), 5000)
  })

  test('stays what it is where a version can’t be read, and says so until one can', async () => {
    useVersion(folder, fruit)
    const language = await open()
    const damaged = await taught({ a: ['alpha', 'able'], b: ['bravo', 'beta'] })
    truncateSync(join(folder, damaged, 'linear.bin'), 1000)
    useVersion(folder, damaged)
    await vi.waitFor(() => expect(language.faults).toHaveLength(1), 5000)
    expect(language.faults[0]).toMatch(
      /current names can't be used: .+linear\.bin is damaged.+; version [0-9a-f]{12} goes on answering/,
    )
    expect((await ask(language, 'perry please')).model).toBe(fruit)
    useVersion(folder, swapped)
    await vi.waitFor(() => expect(language.faults).toEqual([]), 5000)
    expect((await ask(language, 'perry please')).intent).toBe('poire')
  })

  test('may be compared with a shadow, which answers nothing', async () => {
    useVersion(folder, fruit)
    useVersion(folder, topical, 'shadow')
    const language = await open()
    expect(await ask(language, 'cider please')).toMatchObject({
      intent: 'apple',
      model: fruit,
      labels: { shadow_intent: 'apple', shadow_sentiment: 'neutral' },
    })
    useVersion(folder, swapped, 'shadow')
    await vi.waitFor(
      async () => expect((await ask(language, 'perry please')).labels.shadow_intent).toBe('poire'),
      5000,
    )
    expect(language.shadowed.different).toBe(1)
    useVersion(folder, '000000000000', 'shadow')
    await vi.waitFor(
      () => expect(language.faults[0]).toMatch(/shadow names can't be used: .+ is missing/),
      5000,
    )
    useVersion(folder, undefined, 'shadow')
    await vi.waitFor(async () => expect((await ask(language, 'perry please')).labels).toEqual({}), 5000)
    expect(language.faults).toEqual([])
  })

  test('answers questions of a user’s own', async () => {
    useVersion(folder, topical)
    const language = await open()
    expect((await ask(language, 'cider now')).labels).toEqual({ topic: 'drink' })
    expect(language.score('great again', 'en').sentiment).toBe('positive')
  })

  test('names a fallback for what is not clear, with the likeliest intent as the first alternative', async () => {
    useVersion(folder, fruit)
    const unsure = await open({ fallback: { ...noFallback, below: 1, unsure: 'ask_again' } })
    const answer = await ask(unsure, 'cider please')
    expect([answer.intent, answer.alternatives[0]?.intent]).toEqual(['ask_again', 'apple'])
    await unsure.close()
    const ambiguous = await open({ margin: 1, fallback: { ...noFallback, ambiguous: 'choose' } })
    expect(await ask(ambiguous, 'apple pear')).toMatchObject({
      intent: 'choose',
      alternatives: [{ intent: expect.any(String) }, { intent: expect.any(String) }],
    })
    await ambiguous.close()
    useVersion(folder, undefined)
    const stranger = await open({ fallback: { ...noFallback, outOfScope: 'chat' } })
    expect((await ask(stranger, 'asdf qwer zxcv')).intent).toBe('chat')
    expect(taughtIntents(settings({ fallback: { ...noFallback, outOfScope: 'chat' } }))).toContain('chat')
  })
})
