import { cpSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packageRoot } from '../schemas/root.ts'
import { until, workplace } from './fixture.ts'

/** As a user does it: teach a library's intents, see how good they are, and let a running pipeline answer by them. */
const { murmur, json, lay, data, start, run, open } = workplace('cascade')
const file = join(packageRoot(), 'examples', 'teaching', 'library.yaml')
const out = () => join(data, 'taught')

describe('murmur language', () => {
  test('train teaches a file in seconds, says how good it is, and how to use it', async () => {
    const { code, out: said } = await murmur('language', 'train', file, '--out', out())
    expect(code).toBe(0)
    expect(said).toMatch(/version [0-9a-f]{12} in .+ on examples that it was not taught with/)
    expect(said).toMatch(/intent +en +5 +\d+/)
    expect(said).toMatch(/intent +zh +5 +\d+/)
    expect(said).toContain('pipelines with this folder answer by it from now on')
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
      nearest: expect.arrayContaining([expect.objectContaining({ label: 'renew_loan' })]),
    })
    const { out: shown } = await murmur('language', 'explain', '书丢了怎么办卡', '--model', out())
    expect(shown).toMatch(/^language zh .+; version [0-9a-f]{12}; answered by (bert|linear):\nintent \S+ /)
    expect(shown).toMatch(/\nintent +\S+ [\d.]+%/)
    expect(shown).toContain('the examples that are most like it:')
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
    expect((await murmur('language', 'evaluate', labelled, '--task', 'sentiment')).out).toMatch(
      /answered by linear [\d.]+%, bert [\d.]+%/,
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

  test('use lists the versions, and lets another one answer', async () => {
    const [version] = (await json<{ version: string; use: string }[]>('language', 'use', '--out', out()))!
    expect(version).toMatchObject({ use: 'answers' })
    const shadowed = await json<object[]>('language', 'use', version!.version, '--shadow', '--out', out())
    expect(shadowed).toMatchObject([{ use: 'answers, shadow' }])
    expect((await murmur('language', 'use', 'none', '--out', out())).out).toMatch(/shadow\n$/)
    expect(await murmur('language', 'use', 'other', '--out', out())).toMatchObject({
      code: 1,
      err: expect.stringMatching(/has no version "other"; there are [0-9a-f]{12}/),
    })
    expect((await murmur('language', 'use', '--out', join(data, 'nothing'))).out).toContain(
      'what ships answers',
    )
  })
})

describe('a running pipeline', () => {
  test('answers by the encoder from the start, by what is taught as soon as it is, and loses nothing over that', async () => {
    const count = 2000
    const rows = Array.from({ length: count }, (_, at) => ({
      id: `u${at}`,
      conversation: `c${at % 50}`,
      text: `could I keep book number ${at} a little longer?`,
    }))
    const texts = lay('texts.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    const config = lay('murmur.yaml', 'plugins: [{ name: sentiment }]\nfeed: { enabled: false }\n')
    const running = await start(['--config', config])
    const shipped = (await running.health()).processors.flatMap(({ stages }) => stages?.intent?.version ?? [])
    const [taught] = await json<{ version: string }[]>('language', 'use', '--out', out())
    const { version } = taught!
    cpSync(join(out(), version), join(data, 'language', version), { recursive: true })
    expect((await murmur('language', 'use', version, '--shadow', '--config', config)).code).toBe(0)
    const ingest = run(['ingest', texts, '--rate', '150', '--wait', '--config', config])
    await until('some are processed', async () => {
      const topic = (await open(({ log }) => log.topics())).find(({ name }) => name === 'processed')
      return (topic?.offsets.reduce((sum, { latest }) => sum + latest, 0) ?? 0) > 200
    })
    expect((await murmur('language', 'use', version, '--config', config)).code).toBe(0)
    expect((await murmur('language', 'use', 'none', '--shadow', '--config', config)).code).toBe(0)
    expect(await ingest.ended).toMatchObject({ code: 0 })
    const sql = `SELECT model_version AS version, intent, tier, count() AS n, uniqExact(id) AS ids
      FROM processed GROUP BY ALL ORDER BY n DESC`
    type Row = { version: string; intent: string; tier: string; n: number; ids: number }
    const found = await until('every row', async () => {
      const groups = await json<Row[]>('query', sql)
      return groups.reduce((sum, { n }) => sum + n, 0) >= count && groups
    })
    const sum = (some: Row[]) => some.reduce((total, { ids }) => total + ids, 0)
    expect([sum(found), found.reduce((total, { n }) => total + n, 0)]).toEqual([count, count])
    expect(new Set(found.map((one) => one.version))).toEqual(new Set([version, ...shipped]))
    expect(found.some(({ tier }) => tier === 'bert')).toBe(true)
    const compared = "SELECT countIf(labels['shadow_intent'] = 'renew_loan') AS n FROM processed"
    expect((await json<{ n: number }[]>('query', compared))[0]!.n).toBeGreaterThan(100)
    const renewed = found.filter((one) => one.version === version && one.intent === 'renew_loan')
    expect(sum(renewed)).toBeGreaterThan(0.9 * sum(found.filter((one) => one.version === version)))

    const metrics = await (await fetch(`${running.address}/metrics`)).text()
    expect(metrics).toMatch(/murmur_stage_tallied_messages\{.+stage="intent",by="tier",value="bert"\} \d+/)
    expect(metrics).toMatch(/murmur_stage_degraded\{.+stage="intent"\} 0/)
    expect((await murmur('status', '--config', config)).out).toContain(version)
    await running.stop()
  }, 120_000)

  test('goes on with what it has where a version is damaged, and its health says so', async () => {
    const running = await start()
    const folder = join(data, 'language')
    const good = readFileSync(join(folder, 'current'), 'utf8').trim()
    cpSync(join(folder, good), join(folder, '00000000bad0'), { recursive: true })
    truncateSync(join(folder, '00000000bad0', 'linear.bin'), 100)
    expect((await murmur('language', 'use', '00000000bad0')).code).toBe(0)
    const degraded = await until('the fault', async () => {
      const health = (await (await fetch(`${running.address}/healthz`)).json()) as { degraded: string[] }
      return health.degraded.length === 2 && health.degraded
    })
    expect(degraded[0]).toMatch(/^intent of conversation-1: what .+ names can't be used: .+ is damaged/)
    expect((await murmur('status')).out).toContain(`version ${good} goes on answering`)
    expect((await fetch(`${running.address}/readyz`)).status).toBe(200)
    expect((await murmur('language', 'use', good)).code).toBe(0)
    await until('its end', async () => {
      const health = (await (await fetch(`${running.address}/healthz`)).json()) as { degraded: string[] }
      return health.degraded.length === 0
    })
    await running.stop()
  }, 60_000)
})
