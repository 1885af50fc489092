import { afterEach, expect, test, vi } from 'vitest'
import { kafkaMissing } from './kafka.ts'
import { startRedis } from './redis.ts'

afterEach(() => vi.unstubAllEnvs())

test('who lacks a program is told how to get it', async () => {
  vi.stubEnv('PATH', '/nowhere')
  expect(kafkaMissing()).toMatch(
    /^Kafka needs java.*: apt-get install -y --no-install-recommends openjdk-17-jre-headless/,
  )
  await expect(startRedis()).rejects.toThrow(
    'Redis needs redis-server, redis-cli, openssl: apt-get install -y --no-install-recommends redis-server redis-tools openssl',
  )
})
