import { readFileSync } from 'node:fs'
import {
  AclOperations,
  AclPermissionTypes,
  createAclsV3,
  ResourcePatternTypes,
  ResourceTypes,
} from '@platformatic/kafka'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '../../../servers/describe.ts'
import { type KafkaServer, kafkaMissing, startKafka } from '../../../servers/kafka.ts'
import { batchOf, forever, numbered, observe, readAll, send, uniqueName, until } from '../contract/harness.ts'
import type { Log } from '../log.ts'
import { openLog, operator } from './fixture.ts'
import type { KafkaLogOptions, KafkaSasl } from './options.ts'

const sessionMs = 1500

/** An unsigned token, which the test's broker takes. */
function tokenOf(name: string): string {
  const now = Math.floor(Date.now() / 1000)
  const parts = [{ alg: 'none' }, { sub: name, iat: now, exp: now + 600 }]
  return `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`
}

describeWith(kafkaMissing, 'Kafka behind TLS, passwords and access rules', () => {
  let kafka: KafkaServer
  let ca: string
  beforeAll(async () => {
    kafka = await startKafka({
      tls: true,
      acls: true,
      users: { admin: 'admin-secret', ann: 'ann-secret' },
      properties: { 'connections.max.reauth.ms': `${sessionMs}` },
    })
    ca = readFileSync(kafka.certificate?.certificate ?? '', 'utf8')
  })
  afterAll(() => kafka.stop())

  const admin: KafkaSasl = { mechanism: 'PLAIN', username: 'admin', password: 'admin-secret' }
  const ann: KafkaSasl = { mechanism: 'PLAIN', username: 'ann', password: 'ann-secret' }
  const open = (sasl: KafkaSasl | undefined, options: Partial<KafkaLogOptions> = {}) =>
    openLog(kafka, { tls: { ca }, sasl, requestTimeoutMs: 2000, ...options })

  /** The failure of a first call, and the seconds until it came. */
  async function refusal(log: Log) {
    const start = performance.now()
    const { code, message } = await log.topics().then(
      () => expect.unreachable('it was let in'),
      (cause) => cause,
    )
    return { code, message, seconds: (performance.now() - start) / 1000 }
  }

  test.each([
    { mechanism: 'PLAIN', username: 'admin', password: 'admin-secret' },
    { mechanism: 'SCRAM-SHA-256', username: 'admin', password: 'admin-secret' },
    { mechanism: 'SCRAM-SHA-512', username: 'admin', password: 'admin-secret' },
    { mechanism: 'OAUTHBEARER', token: () => tokenOf('admin') },
  ] satisfies KafkaSasl[])('$mechanism: writes and reads', async (sasl) => {
    const log = open(sasl)
    const topic = uniqueName('topic')
    await log.createTopics([{ name: topic, partitions: 1, ...forever }])
    await send(log, [batchOf(topic, 0, ['a'])])
    expect((await readAll(log, topic)).map(({ value }) => value)).toEqual(['a'])
  })

  test('the end of a session is past unnoticed: who goes on has logged in again', async () => {
    const log = open(admin)
    const topic = uniqueName('topic')
    await log.createTopics([{ name: topic, partitions: 1, ...forever }])
    const producer = await log.producer(uniqueName('producer'))
    const seen = await observe(log, { group: uniqueName('group'), topics: [topic] })
    const end = performance.now() + 2 * sessionMs
    let sent = 0
    for (; performance.now() < end; sent++) await producer.append([batchOf(topic, 0, [`${sent}`])])
    await until(() => seen.rows.length === sent)
    await seen.consumer.stop()
    expect(seen.rows.map(({ value }) => value)).toEqual(numbered(sent))
  })

  test.each<[string, KafkaSasl]>([
    ['a wrong password', { mechanism: 'PLAIN', username: 'admin', password: 'guess' }],
    ['a wrong password of SCRAM', { mechanism: 'SCRAM-SHA-512', username: 'admin', password: 'guess' }],
    ['an unknown user', { mechanism: 'SCRAM-SHA-256', username: 'nobody', password: 'x' }],
    ['a token that is none', { mechanism: 'OAUTHBEARER', token: () => 'x' }],
  ])('%s is refused at once, with the keys to look at', async (_, sasl) => {
    const { code, message, seconds } = await refusal(open(sasl, { requestTimeoutMs: 10_000 }))
    expect([code, message]).toEqual(['UNAUTHORIZED', expect.stringContaining('log.kafka.sasl')])
    expect(message).toContain(kafka.brokers[0])
    expect(seconds).toBeLessThan(2)
  })

  test('a certificate that nobody vouches for is refused at once', async () => {
    const { code, message, seconds } = await refusal(open(admin, { tls: {}, requestTimeoutMs: 10_000 }))
    expect([code, message]).toEqual(['MISCONFIGURED', expect.stringContaining('log.kafka.tls')])
    expect(seconds).toBeLessThan(2)
  })

  test('a certificate with another name is refused at once', async () => {
    const { code, message } = await refusal(open(admin, { tls: { ca, serverName: 'elsewhere' } }))
    expect([code, message]).toEqual(['MISCONFIGURED', expect.stringContaining('serverName')])
  })

  test.each([
    ['no TLS', { tls: undefined }, 'log.kafka.tls'],
    ['no login', { sasl: undefined }, 'log.kafka.sasl'],
  ])('%s where the broker wants it: given up in time, with the keys to look at', async (_, options, key) => {
    const { code, message, seconds } = await refusal(open(admin, options))
    expect([code, message]).toEqual(['UNAVAILABLE', expect.stringContaining(key)])
    expect(message).toContain(kafka.brokers[0])
    expect(seconds).toBeLessThan(4)
  })

  test('what a user may not do is refused, with what to allow', async () => {
    const topic = uniqueName('topic')
    const group = uniqueName('group')
    const id = uniqueName('producer')
    await open(admin).createTopics([{ name: topic, partitions: 1, ...forever }])
    const log = open(ann)
    const refused = (text: string) => ({ code: 'UNAUTHORIZED', message: expect.stringContaining(text) })
    const subscription = { group, topics: [topic] }

    await expect(
      log.createTopics([{ name: uniqueName('topic'), partitions: 1, ...forever }]),
    ).rejects.toMatchObject(refused('Create'))
    await expect(log.read(topic, 0, 0, 1000)).rejects.toMatchObject(refused('Read'))
    await expect(observe(log, subscription)).rejects.toMatchObject(refused(topic))
    await allow(ResourceTypes.TOPIC, topic, AclOperations.DESCRIBE)
    await expect((await observe(log, subscription)).consumer.done).rejects.toMatchObject(
      refused('consumer group'),
    )
    await allow(ResourceTypes.GROUP, group, AclOperations.READ)
    await expect((await observe(log, subscription)).consumer.done).rejects.toMatchObject(
      refused('transactional ids'),
    )
    await expect(log.producer(id)).rejects.toMatchObject(refused('transactional ids'))
    await allow(ResourceTypes.TRANSACTIONAL_ID, 'murmur:', AclOperations.WRITE)
    await allow(ResourceTypes.GROUP, 'murmur-producer-', AclOperations.READ)
    const producer = await log.producer(id)
    await expect(producer.append([batchOf(topic, 0, ['a'])])).rejects.toMatchObject(refused('Write'))
    await expect((await observe(log, subscription)).consumer.done).rejects.toMatchObject(refused('Read'))
    await allow(ResourceTypes.TOPIC, topic, AclOperations.WRITE)
    await allow(ResourceTypes.TOPIC, topic, AclOperations.READ)
    await producer.append([batchOf(topic, 0, ['a'])], 'line 1')
    const seen = await observe(log, subscription)
    await until(() => seen.rows.length === 1)
    await seen.consumer.stop()
  })

  test('who may not change topics uses them as they are, and is told so', async () => {
    const topic = { name: uniqueName('topic'), partitions: 1, ...forever }
    await open(admin).createTopics([topic])
    await allow(ResourceTypes.TOPIC, topic.name, AclOperations.DESCRIBE)
    const warnings: string[] = []
    await open(ann, { warn: (message) => warnings.push(message) }).createTopics([topic])
    expect(warnings).toEqual([expect.stringContaining('AlterConfigs')])
  })

  async function allow(resourceType: number, resourceName: string, operation: number): Promise<void> {
    const rule = {
      resourceType,
      resourceName,
      resourcePatternType: ResourcePatternTypes.PREFIXED,
      principal: 'User:ann',
      host: '*',
      operation,
      permissionType: AclPermissionTypes.ALLOW,
    }
    const cluster = operator(kafka)
    await cluster.once('controller', 'control', createAclsV3.api, [rule as never])
    // The authorizer hears of it a moment later
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
})
