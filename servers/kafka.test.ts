import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin, type AdminOptions } from '@platformatic/kafka'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { describeWith } from './describe.ts'
import { type KafkaServer, kafkaMissing, startKafka } from './kafka.ts'

/** An operator's client, closed with the test. */
function admin(brokers: readonly string[], options: Partial<AdminOptions> = {}): Admin {
  const client = new Admin({
    clientId: 'test',
    bootstrapBrokers: [...brokers],
    retries: 0,
    ...options,
  })
  onTestFinished(() => client.close())
  return client
}

const soon = { timeout: 10_000 }

const topic = (name: string, replicas = 1) => ({ topics: [name], partitions: 2, replicas })

describeWith(kafkaMissing, 'Kafka', () => {
  test('comes back with its data: killed, on its port; stopped, from the folder it was given', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'murmur-test-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const kafka = await startKafka({ folder })
    onTestFinished(() => kafka.stop())
    await admin(kafka.brokers).createTopics(topic('utterances'))
    await kafka.kill(0)
    await expect(admin(kafka.brokers).listTopics()).rejects.toThrow('Cannot connect')
    await kafka.restart(0)
    expect(await admin(kafka.brokers).listTopics()).toEqual(['utterances'])
    await kafka.stop()
    const later = await startKafka({ folder })
    onTestFinished(() => later.stop())
    expect(await admin(later.brokers).listTopics()).toEqual(['utterances'])
  })

  test('serves on while one of three brokers is down', async () => {
    const kafka = await startKafka({ brokers: 3 })
    onTestFinished(() => kafka.stop())
    const client = admin(kafka.brokers)
    await client.createTopics(topic('before', 3))
    await kafka.shutDown(0)
    await expect.poll(() => client.listTopics(), soon).toContain('before')
    await kafka.restart(0)
    const restarted = admin(kafka.brokers.slice(0, 1))
    await expect.poll(() => restarted.listTopics(), soon).toContain('before')
  })

  test('says what is wrong when a broker cannot start', async () => {
    await expect(startKafka({ properties: { 'num.io.threads': 'many' } })).rejects.toThrow('num.io.threads')
  })
})

describeWith(kafkaMissing, 'a Kafka that guards itself', () => {
  let kafka: KafkaServer
  beforeAll(async () => {
    kafka = await startKafka({ tls: true, acls: true, users: { admin: 'admin-secret', ann: 'ann-secret' } })
    const operator = new Admin({ clientId: 'test', bootstrapBrokers: [...kafka.inside] })
    await operator.createTopics(topic('utterances'))
    await operator.close()
  })
  afterAll(() => kafka.stop())

  const login = (sasl: NonNullable<AdminOptions['sasl']>) =>
    admin(kafka.brokers, {
      retries: 0,
      sasl,
      tls: { ca: readFileSync(kafka.certificate?.certificate ?? '') },
    })
  const [username, password] = ['admin', 'admin-secret']

  test.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)(
    'lets who knows the password in by %s',
    async (mechanism) => {
      expect(await login({ mechanism, username, password }).listTopics()).toEqual(['utterances'])
      await expect(login({ mechanism, username, password: 'guess' }).listTopics()).rejects.toMatchObject({
        errors: [{ cause: { code: 'PLT_KFK_AUTHENTICATION' } }],
      })
    },
  )

  test('lets a token in by OAUTHBEARER', async () => {
    const now = Math.floor(Date.now() / 1000)
    const parts = [{ alg: 'none' }, { sub: 'admin', iat: now, exp: now + 60 }]
    const [header, claims] = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    const client = login({ mechanism: 'OAUTHBEARER', token: `${header}.${claims}.` })
    expect(await client.listTopics()).toEqual(['utterances'])
  })

  test('forbids what no rule allows', async () => {
    const ann = login({ mechanism: 'PLAIN', username: 'ann', password: 'ann-secret' })
    expect(await ann.listTopics()).toEqual([])
    await expect(ann.createTopics(topic('mine'))).rejects.toMatchObject({
      errors: [{ message: 'Topic authorization failed.' }],
    })
  })
})
