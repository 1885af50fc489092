import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { detect } from '../detect.ts'
import { evaluate } from '../evaluate.ts'
import { readExamples } from '../examples.ts'
import { explain } from '../explain.ts'
import { noFallback } from '../fallback.ts'
import { type Language, type LanguageSettings, openLanguage, taughtIntents } from '../language.ts'
import { Lexicon } from '../lexicon.ts'
import { closeEncoders, type Encoders, openEncoders, type TierChoice } from '../open.ts'
import { outOfScope, type Understanding } from '../tier.ts'
import { tasksOf } from '../trainer.ts'
import { teach } from './teach.ts'
import { loadTeaching, saveTeaching, type Teaching } from './teaching.ts'
import { never, thresholdOf } from './thresholds.ts'
import { useVersion, versionIn } from './versions.ts'

const folder = mkdtempSync(join(tmpdir(), 'murmur-teach-'))
const intents = ['order_status', 'refund_request', 'opening_hours', 'greeting', outOfScope]
const examples = readExamples('language/examples')

/** So many of each label, in each language. */
function few<T extends { text: string; label: string }>(all: readonly T[], count: number): T[] {
  const taken = new Map<string, number>()
  return all.filter(({ text, label }) => {
    const key = `${label} ${detect(text).language}`
    taken.set(key, (taken.get(key) ?? 0) + 1)
    return taken.get(key)! <= count
  })
}

const taught = few(
  examples.intents.filter(({ label }) => intents.includes(label)),
  30,
)
const topics = taught
  .filter(({ label }) => label === 'refund_request' || label === 'opening_hours')
  .map(({ text, label }) => ({ text, label: label === 'refund_request' ? 'money' : 'visit' }))
const tasks = tasksOf(
  { intents: taught, sentiments: few(examples.sentiments, 60) },
  new Map([['topic', topics]]),
)
const lexicon = new Lexicon(examples.lexicon.positive, examples.lexicon.negative)

let encoders: Encoders
let teaching: Teaching
beforeAll(async () => {
  encoders = await openEncoders()
  teaching = await teach(tasks, lexicon, encoders)
  saveTeaching(teaching, folder)
  useVersion(folder, teaching.version)
}, 60_000)
afterAll(async () => {
  await closeEncoders(encoders)
  rmSync(folder, { recursive: true })
})

const settings = (tier: TierChoice, from = folder): LanguageSettings => ({
  folder: from,
  orShipped: false,
  tier,
  margin: 0.15,
  fallback: noFallback,
})

const open = new Map<TierChoice, Language>()
afterAll(() => Promise.all([...open.values()].map((one) => one.close())))

async function model(tier: TierChoice): Promise<Language> {
  const found = open.get(tier) ?? (await openLanguage(settings(tier)))
  open.set(tier, found)
  return found
}

async function opened(tier: TierChoice) {
  const { understand } = await model(tier)
  return async (text: string): Promise<Understanding> => {
    const [answer] = await understand([{ text, language: detect(text).language }])
    return answer!
  }
}

describe('what was taught by a few examples', () => {
  test('tells how good it is, by examples that heads were not taught with', () => {
    expect(teaching.reports.map(({ head, language }) => `${head} ${language}`)).toEqual([
      'intent en',
      'sentiment en',
      'topic en',
      'intent zh',
      'sentiment zh',
      'topic zh',
    ])
    for (const { accuracy, linearAccuracy, calibrationError } of teaching.reports) {
      expect(accuracy).toBeGreaterThan(0.75)
      expect(accuracy).toBeGreaterThan(linearAccuracy - 0.05)
      expect(calibrationError).toBeLessThan(0.15)
    }
  })

  test.each([
    ['any idea when my package will turn up?', 'order_status'],
    ['please give me my money back, I do not want it', 'refund_request'],
    ['我想退钱，这个东西不要了', 'refund_request'],
    ['你们几点关门呀', 'opening_hours'],
  ])('understands %j, said in other words', async (text, intent) => {
    expect(await (await opened('bert'))(text)).toMatchObject({ intent, tier: 'bert' })
  })

  test('says that it does not know what it was never taught', async () => {
    const understand = await opened('bert')
    expect((await understand('write me a poem about the mitochondria of newts')).intent).toBe(outOfScope)
  })

  test('is never sure of a text in neither language alone', async () => {
    const understand = await opened('cascade')
    for (const text of ['我的 order 在哪里 where is it please', 'où est ma commande, je ne sais pas'])
      expect(await understand(text)).toMatchObject({ tier: 'bert' })
    expect((await understand('我的 order 在哪里 where is it please')).intentConfidence).toBeLessThanOrEqual(
      0.5,
    )
  })

  test('whatever is said, something is answered', async () => {
    const understand = await opened('cascade')
    for (const text of ['', 'x'.repeat(100_000), '🤣👍🏽', 'a\ud800', 'مرحبا بالعالم', 'if (x) { y() }'])
      expect((await understand(text)).intentConfidence).toBeLessThanOrEqual(1)
  })

  test('the cascade leaves to the encoder what the linear tier is not sure of', async () => {
    const labelled = taught.slice(0, 100)
    const by = async (tier: TierChoice) => evaluate(labelled, 'intent', await model(tier))
    const [both, bert, linear] = [await by('cascade'), await by('bert'), await by('linear')]
    expect(both.tiers.linear! + both.tiers.bert!).toBeCloseTo(1)
    expect([bert.tiers, linear.tiers]).toEqual([{ bert: 1 }, { linear: 1 }])
    expect(both.accuracy).toBeGreaterThan(0.9)
  })

  test('heads of a user’s own come of the same pass', async () => {
    for (const tier of ['bert', 'linear'] as const) {
      const understand = await opened(tier)
      const asked = await understand('can I have my money back?')
      expect(asked.labels).toEqual({ topic: 'money' })
      expect(asked.labelConfidences.topic).toBeGreaterThan(0.5)
      expect((await understand('请问周末开门吗')).labels).toEqual({ topic: 'visit' })
    }
  })

  test('heads of a user’s own are evaluated like intents; one that there is not is told, with the nearest', async () => {
    const found = await evaluate(topics, 'topic', await model('bert'))
    expect(found.classes.map(({ label }) => label)).toEqual(['money', 'visit'])
    expect(found.accuracy).toBeGreaterThan(0.9)
    expect(found.calibrationError).toBeLessThan(0.3)
    await expect(evaluate(topics, 'topics', await model('bert'))).rejects.toThrow(
      'nothing was taught under "topics"; did you mean "topic"? There are intent, sentiment, topic',
    )
  })

  test('explained: what both tiers make of a text, how sure one must be, and the nearest examples', async () => {
    const explained = await explain('please refund me', teaching, encoders)
    expect(explained).toMatchObject({ language: 'en', version: teaching.version })
    const [intent] = explained.heads
    expect([intent!.head, intent!.linear[0]!.label, intent!.bert![0]!.label]).toEqual([
      'intent',
      'refund_request',
      'refund_request',
    ])
    expect(intent!.inScope).toBeGreaterThan(0.5)
    expect(explained.nearest).toHaveLength(5)
    expect(explained.nearest[0]).toMatchObject({ label: 'refund_request' })
    expect(explained.nearest[0]!.likeness).toBeGreaterThan(explained.nearest[4]!.likeness)
    expect((await explain('please refund me', { ...teaching, dense: {} }, {})).nearest).toEqual([])
  })

  test('sentiment comes of the same pass', async () => {
    const understand = await opened('bert')
    expect((await understand('this is the best shop ever, I love it')).sentiment).toBe('positive')
    expect((await understand('质量太差了，再也不买了')).sentiment).toBe('negative')
  })
})

test('a validation set is chosen by, and reported of, in place of examples held back', async () => {
  const validation = examples.intents
    .filter(({ label, text }) => intents.includes(label) && detect(text).language === 'en')
    .slice(-40)
  const [intent, sentiment] = tasks as [(typeof tasks)[0], (typeof tasks)[0]]
  const { reports } = await teach([{ ...intent, validation }, sentiment], lexicon, { en: encoders.en! })
  expect(reports.map(({ head, examples: count }) => [head, count])).toEqual([
    ['intent', validation.length],
    ['sentiment', expect.any(Number)],
  ])
  expect(reports[0]!.accuracy).toBeGreaterThan(0.8)
})

describe('a version', () => {
  test('comes back the same, and is named by what it holds', () => {
    const versions = Object.fromEntries(
      Object.values(encoders).map(({ manifest }) => [manifest.language, manifest.version]),
    )
    const loaded = loadTeaching(folder, versionIn(folder, 'current')!, versions)
    expect(loaded.thresholds).toEqual(teaching.thresholds)
    expect(loaded.dense).toEqual(teaching.dense)
    expect(taughtIntents(settings('cascade'))).toEqual(intents.filter((one) => one !== outOfScope).sort())
  })

  test('without encoders the linear tier answers, and somebody is told why', async () => {
    const warnings: string[] = []
    const broken = async () => {
      throw new Error('ONNX Runtime can’t be loaded')
    }
    const alone = await openLanguage(settings('cascade'), broken, (message) => warnings.push(message))
    const [answer] = await alone.understand([{ text: 'where is my parcel?', language: 'en' }])
    expect([answer!.intent, answer!.tier]).toEqual(['order_status', 'linear'])
    expect([warnings, alone.faults]).toEqual([
      ['the linear tier answers alone: ONNX Runtime can’t be loaded'],
      warnings,
    ])
    await alone.close()
  })

  test('that is not there, cut short or something else is refused with a remedy', async () => {
    const other = join(folder, 'other')
    await expect(openLanguage(settings('linear', other))).rejects.toThrow(
      /there is no file "current" in it; teach/,
    )
    const at = saveTeaching(teaching, other)
    useVersion(other, teaching.version)
    truncateSync(join(at, 'linear.bin'), 1000)
    await expect(openLanguage(settings('linear', other))).rejects.toThrow(/linear\.bin is damaged/)
    writeFileSync(join(at, 'model.json'), '{"format":2}')
    await expect(openLanguage(settings('linear', other))).rejects.toThrow(/model\.json: "format" is wrong/)
    writeFileSync(join(at, 'model.json'), '{')
    await expect(openLanguage(settings('linear', other))).rejects.toThrow(/model\.json is no JSON/)
    rmSync(join(at, 'model.json'))
    await expect(openLanguage(settings('linear', other))).rejects.toThrow(/model\.json is missing/)
  })
})

describe('the threshold', () => {
  const duel = (confidence: number, linearRight: boolean, denseRight = true) => ({
    confidence,
    linearRight,
    denseRight,
    weight: 1,
  })

  test('is the least confidence from which on no more than two in a thousand are lost', () => {
    const sure = Array.from({ length: 500 }, (_, i) => duel(0.9 - i * 1e-4, true))
    const unsure = Array.from({ length: 500 }, (_, i) => duel(0.5 - i * 1e-4, i % 2 === 0))
    const threshold = thresholdOf([...unsure, ...sure])
    expect(threshold).toBeLessThan(0.86)
    expect(threshold).toBeGreaterThan(0.49)
  })

  test('lets the linear tier never answer where it is wrong at its surest', () => {
    expect(thresholdOf(Array.from({ length: 10 }, () => duel(1, false)))).toBe(never)
  })
})
