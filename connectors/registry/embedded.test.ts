import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { firstUserId } from '../../schemas/catalogue.ts'
import type { AvroSchema } from '../../schemas/codec.ts'
import { history } from '../../schemas/generated/history.ts'
import { packageRoot } from '../../schemas/root.ts'
import { registryContract } from './contract.ts'
import { embeddedRegistry } from './embedded.ts'
import type { CompatibilityLevel } from './registry.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'murmur-registry-'))
})
afterAll(() => rm(root, { recursive: true }))

registryContract('embedded', async () => {
  const registry = embeddedRegistry({ folder: join(root, 'contract') })
  return { registry, close: () => registry.close() }
})

const record = (name: string, ...fields: object[]): AvroSchema => ({ type: 'record', name, fields })
const field = (name: string, more: object = {}) => ({ name, type: 'string', ...more })

test('own schemas have the same ids everywhere, users’ schemas ids above them', async () => {
  const registry = embeddedRegistry({ folder: join(root, 'ids') })
  for (const { id, subject, schema } of history) expect(await registry.register(subject, schema)).toBe(id)
  expect(await registry.register('mine-value', record('Mine'))).toBe(firstUserId)
  expect(await registry.register('ours-value', record('Ours'))).toBe(firstUserId + 1)
  await registry.close()
})

test('what was registered is there after opening again', async () => {
  const folder = join(root, 'again')
  const first = embeddedRegistry({ folder })
  const id = await first.register('kept-value', record('Kept'))
  first.setLevel('NONE', 'kept-value')
  await first.close()
  const second = embeddedRegistry({ folder })
  expect(await second.schema(id)).toEqual(record('Kept'))
  expect(second.level('kept-value')).toBe('NONE')
  await second.close()
})

test('an own subject takes no schema but its own', async () => {
  const registry = embeddedRegistry({ folder: join(root, 'own') })
  await expect(registry.register('utterances-value', record('Utterance'))).rejects.toMatchObject({
    code: 'INCOMPATIBLE_SCHEMA',
    message: expect.stringContaining('"utterances-value" belongs to Murmur'),
  })
  await registry.close()
})

test.each(['', 'x'.repeat(256)])('a subject of no fitting length is refused', async (subject) => {
  const registry = embeddedRegistry({ folder: join(root, 'subjects') })
  await expect(registry.register(subject, record('R'))).rejects.toMatchObject({ code: 'INVALID_SCHEMA' })
  await registry.close()
})

test('a folder that can not be used is unavailable', async () => {
  const file = join(root, 'file')
  await writeFile(file, '')
  expect(() => embeddedRegistry({ folder: join(file, 'registry') })).toThrow(
    expect.objectContaining({ code: 'UNAVAILABLE', retryable: true }),
  )
})

describe('compatibility levels', () => {
  // three versions that NONE let in: the newest differs from the first in both ways
  const versions = [
    record('R', field('a')),
    record('R', field('a'), field('b', { default: '' })),
    record('R', field('a'), field('b'), field('c', { default: '' })),
  ]
  const gains = record('R', field('a'), field('b'), field('c'), field('d'))
  const loses = record('R', field('a'), field('c'))
  const breaksFirst = record('R', field('a'), field('b'))

  async function under(level: CompatibilityLevel, schema: AvroSchema): Promise<string[]> {
    const registry = embeddedRegistry({ folder: join(root, `level-${level}`) })
    registry.setLevel('NONE', 's-value')
    for (const version of versions) await registry.register('s-value', version)
    registry.setLevel(level, 's-value')
    const faults = registry.incompatibilities('s-value', schema)
    await registry.close()
    return [...new Set(faults.map(({ direction, path }) => `${direction} ${path}`))]
  }

  test.each([
    ['NONE', gains, []],
    ['BACKWARD', gains, ['backward /fields/d']],
    ['FORWARD', gains, []],
    ['FULL', gains, ['backward /fields/d']],
    ['BACKWARD', loses, []],
    ['FORWARD', loses, ['forward /fields/b']],
    ['FULL', loses, ['forward /fields/b']],
    ['BACKWARD', breaksFirst, []],
    ['BACKWARD_TRANSITIVE', breaksFirst, ['backward /fields/b']],
    ['FORWARD_TRANSITIVE', breaksFirst, []],
    ['FULL_TRANSITIVE', breaksFirst, ['backward /fields/b']],
  ] as const)('%s', async (level, schema, faults) => {
    expect(await under(level, schema)).toEqual(faults)
  })

  test('a subject without a level of its own has the one of all, at first FULL_TRANSITIVE', async () => {
    const registry = embeddedRegistry({ folder: join(root, 'levels') })
    expect([registry.level(), registry.level('s-value')]).toEqual(['FULL_TRANSITIVE', undefined])
    await registry.register('s-value', versions[0] as AvroSchema)
    registry.setLevel('FORWARD')
    expect(registry.incompatibilities('s-value', record('R', field('a'), field('new')))).toEqual([])
    await registry.close()
  })
})

test('processes that register at the same time get the same ids', async () => {
  const folder = join(root, 'processes')
  const build = pathToFileURL(join(packageRoot(), 'dist', 'connectors', 'registry', 'embedded.js'))
  const script = `
    import { embeddedRegistry } from '${build}'
    const registry = embeddedRegistry({ folder: ${JSON.stringify(folder)} })
    const ids = []
    for (let i = 0; i < 20; i++)
      ids.push(await registry.register('s' + i + '-value', { type: 'record', name: 'R' + i, fields: [] }))
    console.log(JSON.stringify(ids))
    await registry.close()`
  const run = promisify(execFile)
  const runs = Array.from({ length: 3 }, () => run(process.execPath, ['--input-type=module', '-e', script]))
  const [first, ...others] = (await Promise.all(runs)).map(({ stdout }) => JSON.parse(stdout))
  expect(new Set(first).size).toBe(20)
  for (const ids of others) expect(ids).toEqual(first)
})
