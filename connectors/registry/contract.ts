import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { subjectOf } from '../../schemas/catalogue.ts'
import type { AvroSchema } from '../../schemas/codec.ts'
import { topics } from '../../schemas/topics.ts'
import type { Registry } from './registry.ts'

const note = (...fields: object[]): AvroSchema => ({
  type: 'record',
  name: 'Note',
  fields: [{ name: 'text', type: 'string' }, ...fields],
})
const withDefault = note({ name: 'tone', type: 'string', default: '' })

/** What every registry does. `open` gives an empty one, and what is to be done after it. */
export function registryContract(
  name: string,
  open: () => Promise<{ registry: Registry; close: () => Promise<void> }>,
): void {
  describe(`a registry: ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    let registry: Registry
    beforeAll(async () => {
      opened = await open()
      registry = opened.registry
    })
    afterAll(() => opened.close())

    test('the same schema under the same subject has one id', async () => {
      const id = await registry.register('same-value', note())
      expect(await registry.register('same-value', note())).toBe(id)
      expect(await registry.schema(id)).toEqual(note())
    })

    test('the order of attributes makes no other schema', async () => {
      const { type, name, fields } = note() as { type: string; name: string; fields: object[] }
      const id = await registry.register('order-value', { type, name, fields })
      expect(await registry.register('order-value', { fields, name, type })).toBe(id)
    })

    test('the same schema under another subject has the same id', async () => {
      const id = await registry.register('one-value', note())
      expect(await registry.register('another-value', note())).toBe(id)
    })

    test('a compatible change gets an id of its own; both stay', async () => {
      const first = await registry.register('changed-value', note())
      const second = await registry.register('changed-value', withDefault)
      expect(second).not.toBe(first)
      expect(await registry.schema(first)).toEqual(note())
      expect(await registry.schema(second)).toEqual(withDefault)
    })

    test('calls at the same time get the same id', async () => {
      const schema: AvroSchema = { type: 'record', name: 'Busy', fields: [] }
      const ids = await Promise.all(Array.from({ length: 5 }, () => registry.register('busy-value', schema)))
      expect(new Set(ids).size).toBe(1)
    })

    test('a change that breaks readers is refused by field and rule', async () => {
      await registry.register('strict-value', note())
      await expect(
        registry.register('strict-value', note({ name: 'tone', type: 'string' })),
      ).rejects.toMatchObject({
        code: 'INCOMPATIBLE_SCHEMA',
        retryable: false,
        message: expect.stringContaining('READER_FIELD_MISSING_DEFAULT_VALUE at /fields/tone'),
      })
    })

    test('what is not Avro is refused', () =>
      expect(registry.register('odd-value', { type: 'no such type' })).rejects.toMatchObject({
        code: 'INVALID_SCHEMA',
      }))

    test('an id that was never given is unknown', () =>
      expect(registry.schema(987_654)).rejects.toMatchObject({ code: 'UNKNOWN_SCHEMA', retryable: false }))

    test("Murmur's own schemas are there, each with an id of its own", async () => {
      const ids = await Promise.all(
        topics.map(({ name, codec }) => registry.register(subjectOf(name), codec.schema)),
      )
      expect(new Set(ids).size).toBe(topics.length)
      for (const [index, id] of ids.entries())
        expect(await registry.schema(id)).toEqual(topics[index]?.codec.schema)
    })
  })
}
