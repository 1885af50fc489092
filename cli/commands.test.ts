import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { workplace } from './fixture.ts'

/** The commands by themselves, without a pipeline. */
const { murmur, json, lay, data } = workplace()

const commands = [
  ['start', '--only'],
  ['ingest', '--map'],
  ['query', 'SELECT'],
  ['status', 'how far behind'],
  ['tail', '--no-follow'],
  ['deadletters', 'redrive'],
  ['deadletters list', '--limit'],
  ['deadletters show', 'bytes'],
  ['deadletters redrive', '--all'],
  ['deadletters discard', '--stage'],
  ['groups', 'how far behind'],
  ['groups forget', 'never been'],
  ['transactions', 'readers wait'],
  ['transactions abort', 'fenced'],
  ['replay', '--into'],
  ['schemas', 'check'],
  ['schemas list', 'version'],
  ['schemas check', '--accept'],
  ['language', 'teach'],
  ['language train', '--out'],
  ['language check', 'contradictions'],
  ['language evaluate', '--task'],
  ['language explain', '--tier'],
  ['config', 'schema'],
  ['config check', 'valid'],
  ['config schema', 'editors'],
  ['doctor', 'missing'],
] as const

test('every command has its --help, and --json', async () => {
  const { out } = await murmur('--help')
  await Promise.all(
    commands.map(async ([command, named]) => {
      const help = await murmur(...command.split(' '), '--help')
      expect(help).toMatchObject({ code: 0, err: '' })
      expect(help.out).toContain(named)
      expect(help.out).toContain('--json')
      expect(out).toContain(command.split(' ')[0])
    }),
  )
})

test.concurrent.each([
  [['strat'], "error: unknown command 'strat'\n(Did you mean start?)"],
  [['deadletters', 'lst'], "error: unknown command 'lst'\n(Did you mean list?)"],
  [['ingest', 'x.csv', '--wiat'], "error: unknown option '--wiat'\n(Did you mean --wait?)"],
  [['tail', 'proccessed'], 'there is no topic "proccessed": did you mean "processed"?'],
  [['tail', 'replies', '--from', 'here'], 'Allowed choices are earliest, latest'],
  [['replay', '--processor', 'conversatoin'], 'did you mean "conversation"?'],
  [['replay', '--from', 'yesterday'], 'write a time such as 2026-11-23T08:00:00Z, or an offset'],
  [['start', '--only', 'snik'], 'there is no processor "snik": did you mean "sink"?'],
  [['start', '--port', 'high'], "'high' is invalid. Write a whole number."],
  [['ingest', 'x.csv', '--rate', '0'], "'0' is invalid. Write a number above 0."],
  [['ingest', '-', '--map', 'texxt=a'], 'did you mean "text"?'],
  [['ingest', 'none.csv'], 'none.csv'],
  [['query', 'DROP TABLE processed'], 'murmur: '],
  [['config', 'check', '--config', 'none.yaml'], 'none.yaml: no such file; name another with --config'],
])('murmur %j is refused with what to do instead', async (args, message) => {
  const { code, out, err } = await murmur(...args)
  expect([code, out]).toEqual([1, ''])
  expect(err).toContain(message)
  expect(err).not.toMatch(/^\s+at /m)
})

test('config check names file, line and nearest name of what is wrong', async () => {
  const wrong = lay(
    'wrong.yaml',
    'data: here\ngateway:\n  prot: 80\nlog:\n  retention: soon\nprocessors:\n  conversation:\n    stages: [cleaning]\n    instancs: 2\n',
  )
  for (const command of [['config', 'check'], ['start'], ['status']]) {
    const { code, out, err } = await murmur(...command, '--config', wrong)
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain(`${wrong}:3: unknown key "gateway.prot"; did you mean "port"?`)
    expect(err).toContain(`${wrong}:5: "log.retention" is "soon"`)
    expect(err).toContain(
      `${wrong}:9: unknown key "processors.conversation.instancs"; did you mean "instances"?`,
    )
    expect(err).not.toMatch(/^\s+at /m)
  }
  const stage = lay('stage.yaml', 'processors:\n  conversation:\n    stages: [cleanning]\n')
  for (const command of [['config', 'check'], ['start']])
    expect(await murmur(...command, '--config', stage)).toMatchObject({
      code: 1,
      err: expect.stringContaining('no stage is named "cleanning"'),
    })
  const broken = lay('broken.yaml', 'gateway: [\n')
  expect((await murmur('config', 'check', '--config', broken)).err).toContain(`${broken}:`)
})

test('config check prints what the configuration comes to, without its password', async () => {
  const file = lay('right.yaml', 'gateway: { port: 9000 }\nolap: { password: secret }\n')
  expect(await json('config', 'check', '--config', file)).toMatchObject({
    data,
    gateway: { port: 9000, host: '127.0.0.1' },
    olap: { password: '…' },
  })
  const { out } = await murmur('config', 'check', '--config', file)
  expect(out).toContain('the configuration is valid')
  expect(out).not.toContain('secret')
  expect(await json('config', 'schema')).toMatchObject({ properties: { gateway: { type: 'object' } } })
})

test('schemas list and check know every event', async () => {
  const listed = await json<{ event: string }[]>('schemas', 'list')
  expect(listed).toHaveLength(8)
  const { reports } = await json<{ reports: { state: string }[] }>('schemas', 'check')
  expect(new Set(reports.map(({ state }) => state))).toEqual(new Set(['committed']))
})

test('query, status and deadletters answer also on an empty folder', async () => {
  expect(await json('query', 'SELECT count() AS n FROM processed')).toEqual([{ n: 0 }])
  expect(await json('status')).toMatchObject({ running: null, health: null, groups: [] })
  expect(await json('deadletters', 'list')).toEqual([])
  expect((await murmur('deadletters', 'list')).out).toBe('no open dead letters\n')
  const rows = lay('one.jsonl', '{"text":"Hello"}\n')
  expect(await murmur('ingest', rows, '--wait')).toMatchObject({
    code: 1,
    err: expect.stringContaining('no pipeline runs to process them: start one with `murmur start`'),
  })
})

test('doctor says what is missing, and what to do', async () => {
  const findings = await json<{ check: string; found: string }[]>(
    'doctor',
    '--config',
    lay('free.yaml', 'gateway: { port: 0 }\n'),
  )
  const found = Object.fromEntries(findings.map(({ check, found }) => [check, found]))
  expect(found).toMatchObject({
    pipeline: 'none runs on this folder',
    olap: expect.stringMatching(/^ClickHouse \d.*\(chdb\)$/),
    'gateway port': expect.stringContaining('is free'),
  })

  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as { port: number }
  const ill = await murmur('doctor', '--config', lay('taken.yaml', `gateway: { port: ${port} }\n`))
  taken.close()
  expect(ill.code).toBe(1)
  expect(ill.out).toContain(`✗ gateway port   port ${port} of 127.0.0.1 can't be had (EADDRINUSE)`)
  expect(ill.out).toContain('choose another with --port')
})
