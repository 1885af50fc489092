import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeWith } from '../servers/describe.ts'
import { type KafkaServer, kafkaMissing, startKafka } from '../servers/kafka.ts'
import { type RedisServer, redisMissing, startRedis } from '../servers/redis.ts'
import { type Child, until, workplace } from './fixture.ts'

// The pipeline in parts, as an orchestrator runs it: each a process of its own, and none of them `murmur start`.

describe('apart, on the embedded drivers', () => suite(async () => ''))

describeWith(
  () => kafkaMissing() ?? redisMissing(),
  'apart, on Kafka and Redis',
  () => {
    let kafka: KafkaServer
    let redis: RedisServer
    beforeAll(async () => {
      ;[kafka, redis] = await Promise.all([startKafka(), startRedis()])
    })
    afterAll(() => Promise.all([kafka, redis].map((server) => server?.stop())))
    suite(
      async () =>
        `log: { driver: kafka, partitions: 4, kafka: { brokers: [${kafka.brokers}] } }\n` +
        `store: { driver: redis, redis: { url: "redis://${redis.nodes}" } }\n`,
    )
  },
)

interface Answer {
  readonly replies: readonly { readonly text: string; readonly inReplyTo: string }[]
}

function suite(drivers: () => Promise<string>): void {
  const { run, lay, murmur } = workplace()
  let config: string
  let gateways: (Child & { readonly address: string })[]
  let conversations: Child[]
  let sink: Child & { readonly address: string }

  /** Starts a part; `address` is where it says that it answers. */
  const start = (part: string, ...args: string[]) =>
    run(['--config', config, 'start', '--only', part, ...args])

  async function answering(child: Child): Promise<Child & { readonly address: string }> {
    const address = await until('it answers', () => / at (http:\S+)/.exec(child.err())?.[1], 90_000)
    return { ...child, address }
  }

  beforeAll(async () => {
    config = lay('apart.yaml', `${await drivers()}feed: { enabled: false }\n`)
    // All at once: each finds topics and schemas missing
    const parts = [
      start('gateway', '--port', '0'),
      start('gateway', '--port', '0'),
      start('sink', '--port', '0'),
    ]
    conversations = [start('conversation'), start('conversation')]
    const [first, second, third] = await Promise.all(parts.map(answering))
    gateways = [first, second] as typeof gateways
    sink = third as typeof sink
  }, 120_000)

  async function say(gateway: { readonly address: string }, conversation: string): Promise<string> {
    const response = await fetch(`${gateway.address}/v1/utterances`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ conversation, text: 'Where is my order 4711?', channel: 'chat' }),
    })
    const { accepted } = (await response.json()) as { accepted: { id: string }[] }
    return accepted[0]?.id as string
  }

  async function repliesAt(gateway: { readonly address: string }, conversation: string): Promise<string[]> {
    const response = await fetch(`${gateway.address}/v1/replies?conversation=${conversation}&wait=30s`)
    const { replies } = (await response.json()) as Answer
    return replies.map(({ inReplyTo }) => inReplyTo)
  }

  test('a reply reaches the replica whose client waits for it, whichever took the utterance', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `c${index}`)
    await Promise.all(
      names.map(async (conversation, index) => {
        const [here, there] = index % 2 === 0 ? gateways : gateways.toReversed()
        const waiting = [repliesAt(here!, conversation), repliesAt(there!, conversation)]
        const id = await say(here!, conversation)
        expect(await Promise.all(waiting)).toEqual([[id], [id]])
      }),
    )
  }, 60_000)

  test('no replica fences another, and each is ready', async () => {
    for (const round of ['a', 'b', 'c'])
      for (const [index, gateway] of gateways.entries())
        expect(await say(gateway, `fence-${round}-${index}`)).toBeTruthy()
    for (const { address } of gateways)
      expect(await (await fetch(`${address}/readyz`)).json()).toEqual({ ready: true, reasons: [] })
  })

  test('a processor that runs by itself answers for its health, and gives its figures', async () => {
    await until('the sink is ready', async () => (await fetch(`${sink.address}/readyz`)).ok)
    const metrics = await (await fetch(`${sink.address}/metrics`)).text()
    expect(metrics).toMatch(/^murmur_processor_up\{processor="sink",instance="sink-\S+"\} 1$/m)
    expect((await fetch(`${sink.address}/v1/utterances`)).status).toBe(404)
  })

  test('commands find the processes without a pipeline on their folder', async () => {
    const rows = lay('rows.jsonl', '{"text":"one"}\n{"text":"two"}\n')
    expect(await murmur('ingest', rows, '--wait', '--config', config)).toMatchObject({ code: 0 })
    const sql = "SELECT count() AS n FROM processed WHERE text IN ('one', 'two')"
    expect((await murmur('query', sql, '--config', config, '--json')).out).toBe('[{"n":2}]\n')
    const { out } = await murmur('groups', '--config', config, '--json')
    const members = (JSON.parse(out) as { group: string; members: string[] }[]).map(
      ({ group, members }) => [group, members.length] as const,
    )
    expect(Object.fromEntries(members)).toMatchObject({ conversation: 2, sink: 1 })
  })

  test('when a gateway and a processor are killed, those that are left go on', async () => {
    const [doomed, left] = gateways as [Child, (typeof gateways)[number]]
    doomed.kill('SIGKILL')
    conversations[0]?.kill('SIGKILL')
    const names = Array.from({ length: 8 }, (_, index) => `after-${index}`)
    const answers = await Promise.all(
      names.map(async (conversation) => [
        await say(left, conversation),
        ...(await repliesAt(left, conversation)),
      ]),
    )
    for (const [id, ...replies] of answers) expect(replies).toEqual([id])
  }, 60_000)

  test('a group that nobody reads in any more is forgotten; one that is read in is not', async () => {
    const forget = (group: string) => murmur('groups', 'forget', group, '--config', config)
    expect((await forget('sink')).err).toMatch(/has (1 )?members: stop them/)
    sink.kill('SIGTERM')
    expect(await sink.ended).toMatchObject({ code: 0 })
    expect(await forget('sink')).toMatchObject({ code: 0, out: 'forgot the group "sink"\n' })
    expect((await forget('snik')).err).toContain('there is no group "snik": did you mean')
  })
}
