import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { configJsonSchema, configKeys, loadConfig } from './load-config.ts'

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

test('every key is described, for editors and for the documentation', () => {
  const leaves = [...configKeys()].filter(([, schema]) => !schema.properties)
  expect(leaves.filter(([, schema]) => !schema.description)).toEqual([])
  expect(configJsonSchema().properties).toHaveProperty('gateway')
})
