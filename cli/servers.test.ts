import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Producer } from '@platformatic/kafka'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../servers/describe.ts'
import { type KafkaServer, kafkaMissing, startKafka } from '../servers/kafka.ts'
import { type RedisServer, redisMissing, startRedis } from '../servers/redis.ts'
import { workplace } from './fixture.ts'

// What an operator sees of servers that want passwords and speak TLS.

describeWith(
  () => kafkaMissing() ?? redisMissing(),
  'doctor and transactions, on Kafka and Redis',
  () => {
    const { run, lay, data } = workplace()
    const password = 'open-sesame'
    let kafka: KafkaServer
    let redis: RedisServer
    let config: string

    beforeAll(async () => {
      ;[kafka, redis] = await Promise.all([
        startKafka({ tls: true, users: { murmur: password } }),
        startRedis({ tls: true, config: { requirepass: password } }),
      ])
      config = lay('secured.yaml', configWith({ partitions: 4 }))
    })
    afterAll(() => Promise.all([kafka, redis].map((server) => server?.stop())))

    const configWith = ({ partitions = 4, retention = '72h', mechanism = 'SCRAM-SHA-512' }) => `
gateway: { port: 0 }
log:
  driver: kafka
  partitions: ${partitions}
  retention: ${retention}
  kafka:
    brokers: [${kafka.brokers}]
    tls: { enabled: true, ca: ${kafka.certificate?.certificate} }
    sasl: { mechanism: ${mechanism}, username: murmur }
store:
  driver: redis
  redis: { url: "redis://${redis.nodes}", tls: { enabled: true, ca: ${redis.certificate?.certificate} } }
`

    const secrets = { MURMUR_LOG_KAFKA_SASL_PASSWORD: password, MURMUR_STORE_REDIS_PASSWORD: password }
    const murmur = (args: readonly string[], env: Record<string, string> = secrets) =>
      run(['--config', config, ...args], { env }).ended

    /** What doctor found, by check. */
    async function doctor(
      env?: Record<string, string>,
    ): Promise<Record<string, { ok: boolean; found: string }>> {
      const { out } = await murmur(['doctor', '--json'], env)
      const findings = JSON.parse(out) as { check: string; ok: boolean; found: string }[]
      return Object.fromEntries(findings.map(({ check, ...finding }) => [check, finding]))
    }

    test('passwords come from variables, certificates from files, and neither is printed', async () => {
      expect(await doctor()).toMatchObject({
        log: {
          ok: true,
          found: `Kafka at ${kafka.brokers}, without topics yet; \`murmur start\` makes them`,
        },
        store: { ok: true, found: expect.stringMatching(/version \d.*, maxmemory-policy noeviction/) },
        transactions: { ok: true },
      })
      const { code, out } = await murmur(['config', 'check'])
      expect([code, out]).toEqual([0, expect.not.stringContaining(password)])
    })

    test('a wrong password is said to be one', async () => {
      const found = await doctor({ ...secrets, MURMUR_LOG_KAFKA_SASL_PASSWORD: 'open-barley' })
      expect(found.log).toMatchObject({
        ok: false,
        found: expect.stringMatching(/log in|authenti|password/i),
      })
      expect(found.log?.found).not.toContain('open-barley')
      expect(found.store?.ok).toBe(true)
    })

    test('topics that are not as configured are named, with what to do', async () => {
      await murmur(['tail', 'replies', '--no-follow'])
      expect((await doctor()).log).toEqual({ ok: true, found: `Kafka at ${kafka.brokers}, 8 topics` })
      config = lay('other.yaml', configWith({ partitions: 8, retention: '24h' }))
      const { found } = (await doctor()).log ?? {}
      expect(found).toMatch(/utterances.*: 4 partitions where log\.partitions says 8: write 4 there/)
      expect(found).toMatch(
        /utterances.*: kept for 3 d where log\.retention says 1 d: the next `murmur start`/,
      )
      config = lay('secured.yaml', configWith({}))
    })

    test('a certificate that is not there is named by its key', async () => {
      config = lay('none.yaml', configWith({}).replace(/ca: \S+/, 'ca: none.pem'))
      const found = (await doctor()).log?.found
      expect(found).toContain('log.kafka.tls.ca: ENOENT')
      config = lay('secured.yaml', configWith({}))
    })

    test('a transaction that nobody ends is listed, and aborted', async () => {
      expect((await murmur(['transactions'])).out).toBe('no transaction is open\n')
      const id = 'murmur:lost:writer'
      const producer = new Producer({
        clientId: 'lost',
        bootstrapBrokers: [...kafka.inside],
        transactionalId: id,
        idempotent: true,
        // Also how long its transaction may take
        timeout: 60_000,
      })
      const transaction = await producer.beginTransaction()
      await transaction.send({ messages: [{ topic: 'alerts', partition: 2, value: Buffer.from('half') }] })
      const { out } = await murmur(['transactions', '--json'])
      expect(JSON.parse(out)).toMatchObject([{ id, partitions: [{ topic: 'alerts', partition: 2 }] }])
      expect((await murmur(['transactions', 'abort', 'murmur:lots'])).err).toContain(
        'no open transaction has the id',
      )
      expect(await murmur(['transactions', 'abort', id])).toMatchObject({ code: 0, out: `aborted ${id}\n` })
      expect((await murmur(['transactions'])).out).toBe('no transaction is open\n')
      await producer.close(true)
    })

    test('with everything on servers nothing is laid into the data folder', async () => {
      const folder = join(data, 'nothing')
      config = lay('all.yaml', `registry: { driver: confluent }\n${configWith({})}`)
      expect((await murmur(['groups', '--data', folder])).out).toBe('there are no groups\n')
      expect(existsSync(folder)).toBe(false)
    })
  },
)
