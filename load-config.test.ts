import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { configJsonSchema, configKeys } from './config/keys.ts'
import { masked } from './config/masked.ts'
import { cautionsOf } from './config/sense.ts'
import { loadConfig } from './load-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'murmur-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = join(folder, 'murmur.yaml')
const load = (text: string, env = {}, flags = new Map<string, unknown>()) => {
  writeFileSync(file, text)
  return loadConfig({ file, env, flags })
}

test('an empty file is a complete configuration', () => {
  const config = load('')
  expect(config.gateway).toEqual({ enabled: true, host: '127.0.0.1', port: 8080 })
  expect(config.log.retention).toBe(72 * 3_600_000)
  expect(config.processors).toMatchObject({
    conversation: { stages: ['cleaning', 'intent', 'context', 'plugins'] },
    sink: { stages: ['sink'] },
  })
})

test('variables override the file, and flags override both', () => {
  const text = 'gateway:\n  port: 1\n'
  expect(load(text).gateway.port).toBe(1)
  expect(load(text, { MURMUR_GATEWAY_PORT: '2' }).gateway.port).toBe(2)
  expect(load(text, { MURMUR_GATEWAY_PORT: '2' }, new Map([['gateway.port', 3]])).gateway.port).toBe(3)
  expect(load('', { MURMUR_FEED_ENABLED: 'false', MURMUR_DATA: 'there' })).toMatchObject({
    data: 'there',
    feed: { enabled: false },
  })
  expect(load('', { MURMUR_DATA: '2026', MURMUR_DEBUG: '1' }).data).toBe('2026')
})

test('an unknown key is named with file, line and the nearest valid name', () => {
  expect(() => load('data: x\ngateway:\n  prot: 80\n')).toThrow(
    `${file}:3: unknown key "gateway.prot"; did you mean "port"?`,
  )
  expect(() => load('getaway: {}\n')).toThrow(`${file}:1: unknown key "getaway"; did you mean "gateway"?`)
  expect(() => load('processors:\n  mine:\n    stages: [sink]\n    instance: 2\n')).toThrow(
    'did you mean "instances"?',
  )
  expect(() => load('', { MURMUR_GATEWAY_PROT: '1' })).toThrow('did you mean "MURMUR_GATEWAY_PORT"?')
})

test('a wrong value is named with file, line, value and what would be right', () => {
  expect(() => load('log:\n  retention: 3 days\n')).toThrow(
    `${file}:2: "log.retention" is "3 days": write a number and ms, s, m, h or d`,
  )
  expect(() => load('gateway: { port: 70000 }\n')).toThrow('"gateway.port" is 70000')
  expect(() => load('', { MURMUR_GATEWAY_PORT: 'high' })).toThrow(
    'MURMUR_GATEWAY_PORT: "gateway.port" is "high"',
  )
  expect(() => load('a: [\n')).toThrow(`${file}:`)
  expect(() => load('just words\n')).toThrow(`${file}:1: this is "just words", not settings`)
  expect(() => load('gateway: 5\n', { MURMUR_GATEWAY_PORT: '1' })).toThrow(`${file}:1: "gateway" is 5`)
  expect(() => loadConfig({ file: join(folder, 'none.yaml') })).toThrow('no such file')
})

test('a list is set by a variable, with commas or as YAML', () => {
  for (const brokers of ['a:9092,b:9092', 'a:9092, b:9092', '[a:9092, b:9092]'])
    expect(load('', { MURMUR_LOG_KAFKA_BROKERS: brokers }).log.kafka.brokers).toEqual(['a:9092', 'b:9092'])
  expect(load('', { MURMUR_STORE_REDIS_NODES: '', MURMUR_LOG_DRIVER: 'kafka' }).log.driver).toBe('kafka')
  expect(() => load('', { MURMUR_LOG_KAFKA_BROKERS: 'a' })).toThrow(
    'MURMUR_LOG_KAFKA_BROKERS: "log.kafka.brokers.0" is "a": write host:port',
  )
})

test('settings that do not go together are refused, with the key and the remedy', () => {
  const kafka = (text: string) => `log: { driver: kafka, kafka: { ${text} } }\n`
  const redis = (text: string) => `store: { driver: redis, redis: { ${text} } }\n`
  for (const [text, fault] of [
    [kafka('brokers: []'), '"log.kafka.brokers" is []: name one broker'],
    [kafka('sasl: { username: me }'), '"log.kafka.sasl.mechanism" is missing: there is a user: choose PLAIN'],
    [kafka('sasl: { mechanism: PLAIN, username: me }'), '"log.kafka.sasl.password" is missing: PLAIN needs'],
    [kafka('sasl: { mechanism: OAUTHBEARER }'), 'OAUTHBEARER takes a token or a tokenFile'],
    [kafka('tls: { ca: ca.pem }'), '"log.kafka.tls.enabled" is missing: there are settings for TLS'],
    [kafka('tls: { enabled: true, cert: c.pem }'), '"log.kafka.tls.key" is missing: a certificate needs'],
    [
      kafka('heartbeat: 3s'),
      '"log.kafka.heartbeat" is "3s": write at most a third of log.kafka.sessionTimeout',
    ],
    [
      redis('mode: cluster'),
      '"store.redis.nodes" is missing: store.redis.mode is cluster: name one at least',
    ],
    [redis('sentinels: [s:26379]'), '"store.redis.mode" is missing: there are sentinels: write sentinel'],
    [
      'processors: { sink: { stages: [sink], instances: 2 } }\n',
      'only one process may have the chdb folder open',
    ],
    ['processors: { gateway: { stages: [cleaning] } }\n', 'give the processor another name'],
  ] as const)
    expect(() => load(text), text).toThrow(fault)
  // What a driver is told matters only where it is the driver
  expect(load('log: { kafka: { sasl: { username: me } } }\n').log.driver).toBe('embedded')
  expect(
    load('olap: { driver: clickhouse }\nprocessors: { sink: { stages: [sink], instances: 2 } }\n'),
  ).toBeDefined()
})

test('what is good only on one machine is said', () => {
  const text = 'log: { driver: kafka }\nstore: { driver: embedded }\n'
  expect(cautionsOf(load(text))).toEqual([
    expect.stringContaining('keyed state lies in the folder "data" of this machine'),
    expect.stringContaining('the tables lie in the folder "data" of this machine'),
  ])
  expect(cautionsOf(load(''))).toEqual([])
})

test('no secret is shown, neither in the configuration nor in what is wrong with it', () => {
  const text =
    'log: { driver: kafka, kafka: { sasl: { mechanism: PLAIN, username: me, password: abracadabra } } }\n' +
    'store: { redis: { url: "redis://me:abracadabra@r:6379" } }\nolap: { password: abracadabra }\n'
  const shown = JSON.stringify(masked(load(text)))
  expect(shown).not.toContain('abracadabra')
  expect(shown).toContain('"url":"redis://me:…@r:6379"')
  expect(() => load('log: { kafka: { sasl: { password: 4711 } } }\n')).toThrow(
    '"log.kafka.sasl.password" is "…": ',
  )
  expect(() => load('log: { kafka: { sasl: { token: abracadabra }, brokers: 5 } }\n')).not.toThrow(
    'abracadabra',
  )
})

test('every key is described, for editors and for the documentation', () => {
  const leaves = [...configKeys()].filter(([, schema]) => !schema.properties)
  expect(leaves.filter(([, schema]) => !schema.description)).toEqual([])
  expect(configJsonSchema().properties).toHaveProperty('gateway')
})
