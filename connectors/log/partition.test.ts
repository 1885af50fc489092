import { expect, test } from 'vitest'
import { murmur2, partitionOf } from './partition.ts'

test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('murmur2 of "%s" is what the tests of Kafka\'s Java client expect', (key, hash) => {
  expect(murmur2(key)).toBe(hash)
})

test('keys beyond ASCII, and long ones, are hashed by their UTF-8 bytes', () => {
  // As Kafka's Java client, 4.1, hashes them
  expect([murmur2('Zürich'), murmur2('会話 📦'), murmur2('a'.repeat(300))]).toEqual([
    -1551140815, -372787833, 1006237230,
  ])
})

test('a key has one partition, and keys spread over all', () => {
  const found = Array.from({ length: 1000 }, (_, i) => partitionOf(`conversation ${i}`, 8))
  expect(partitionOf('conversation 7', 8)).toBe(found[7])
  expect(new Set(found)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]))
})
