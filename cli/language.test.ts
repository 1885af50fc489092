import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packageRoot } from '../schemas/root.ts'
import { until, workplace } from './fixture.ts'

/** As a user does it: teach a library's intents, see how good they are, and run a pipeline with them. */
const { murmur, json, lay, data, start } = workplace()
const file = join(packageRoot(), 'examples', 'teaching', 'library.yaml')
const out = () => join(data, 'taught')

describe('murmur language', () => {
  test('train teaches a file in seconds, says how good it is, and how to use it', async () => {
    const { code, out: said } = await murmur('language', 'train', file, '--out', out())
    expect(code).toBe(0)
    expect(said).toMatch(/version [0-9a-f]{12} in .+ on examples that it was not taught with/)
    expect(said).toMatch(/intent +en +5 +\d+/)
    expect(said).toMatch(/intent +zh +5 +\d+/)
    expect(said).toContain(`language: { teaching: ${out()} }`)
    expect(readFileSync(join(out(), 'current'), 'utf8')).toMatch(/^[0-9a-f]{12}\n$/)
  }, 60_000)

  test('explain tells what is made of a text, and by whom', async () => {
    const explained = await json<Record<string, unknown>>(
      'language',
      'explain',
      'could I renew this novel for another week?',
      '--model',
      out(),
      '--tier',
      'bert',
    )
    expect(explained).toMatchObject({
      language: 'en',
      intent: 'renew_loan',
      tier: 'bert',
      model: expect.stringMatching(/^[0-9a-f]{12}$/),
    })
    const { out: shown } = await murmur('language', 'explain', '书丢了怎么办卡', '--model', out())
    expect(shown).toMatch(/intent +\S+/)
  })

  test('evaluate compares with labels', async () => {
    const labelled = lay(
      'labelled.jsonl',
      [
        { text: 'please let me have these books longer', label: 'renew_loan' },
        { text: 'do you open on Saturday?', label: 'opening_times' },
        { text: '补办一张借书证', label: 'library_card' },
        { text: 'my car will not start', label: 'out_of_scope' },
      ]
        .map((line) => JSON.stringify(line))
        .join('\n'),
    )
    const found = await json<{ accuracy: number; tiers: Record<string, number>; examples: number }>(
      'language',
      'evaluate',
      labelled,
      '--model',
      out(),
      '--tier',
      'bert',
    )
    expect(found).toMatchObject({ examples: 4, tiers: { bert: 1 } })
    expect(found.accuracy).toBeGreaterThanOrEqual(0.75)
    expect((await murmur('language', 'evaluate', labelled, '--model', out())).out).toMatch(
      /4 texts: .+ right, macro-F1/,
    )
    expect((await murmur('language', 'evaluate', labelled, '--task', 'sentiment')).out).toContain(
      'answered by linear 100.0%',
    )
  })

  test('check finds nothing to mend in it, and says where something is', async () => {
    expect((await murmur('language', 'check', file)).out).not.toContain('contradiction')
    const bad = lay('bad.yaml', 'intents:\n  a: [yes please, one]\n  b: ["Yes, please!", two]\n')
    const { code, out: said } = await murmur('language', 'check', bad)
    expect(code).toBe(1)
    expect(said).toMatch(
      /contradiction: .+bad\.yaml:3: "Yes, please!" stands under "b" and, at .+bad\.yaml:2, under "a"/,
    )
  })

  test('what can’t be taught is refused in one line', async () => {
    const thin = lay('thin.yaml', 'intents:\n  a: [one]\n  b: [two]\n')
    expect(await murmur('language', 'train', thin)).toMatchObject({
      code: 1,
      err: expect.stringContaining('needs 5'),
    })
    expect(await murmur('language', 'explain', 'hello', '--model', join(data, 'nothing'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('holds nothing that was taught'),
    })
  })
})

test('a pipeline answers with what was taught: tier, probability and version stand in every event', async () => {
  const config = lay(
    'murmur.yaml',
    `language: { teaching: ${out()} }\nplugins: [{ name: sentiment }]\nfeed: { enabled: false }\n`,
  )
  const running = await start(['--config', config])
  const texts = ['could I keep this book a little longer?', '周末几点开门？']
  const body = JSON.stringify(texts.map((text, at) => ({ conversation: `library-${at}`, text })))
  const headers = { 'content-type': 'application/json' }
  expect((await fetch(`${running.address}/v1/utterances`, { method: 'POST', headers, body })).status).toBe(
    202,
  )
  const sql =
    'SELECT text, intent, tier, intent_confidence, model_version FROM processed ORDER BY conversation'
  const rows = () => json<Record<string, unknown>[]>('query', sql)
  await until('both rows', async () => (await rows()).length === 2)
  const version = readFileSync(join(out(), 'current'), 'utf8').trim()
  for (const row of await rows())
    expect(row).toMatchObject({ tier: expect.stringMatching(/^(bert|linear)$/), model_version: version })
  expect((await rows()).map(({ intent }) => intent)).toEqual(['renew_loan', 'opening_times'])
  await running.stop()
}, 90_000)
