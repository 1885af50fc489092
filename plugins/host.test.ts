import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { shippedPlace } from '../language/open.ts'
import { readManifest } from '../language/teach/teaching.ts'
import { packageRoot } from '../schemas/root.ts'
import { loadPlugins } from './host.ts'

let folder: string
let file: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'murmur-plugins-'))
  file = join(folder, 'faq.yaml')
  await writeFile(file, 'answers: []')
})
afterAll(() => rm(folder, { recursive: true }))

describe('loadPlugins', () => {
  it("makes the built-in plugins, with their manifests' priority and condition", async () => {
    const plugins = await loadPlugins([{ name: 'sentiment' }, { name: 'faq', options: { file } }], [])
    expect(plugins.map(({ name, priority, when }) => [name, priority, when])).toEqual([
      ['sentiment', 10, 'role == "user"'],
      ['faq', 50, 'role == "user" && channel in ["chat", "web", "voice"]'],
    ])
  })

  it('answers from the sample of this package by default, which names only intents that ship', async () => {
    const { folder, version } = shippedPlace()
    const { intent } = readManifest(folder, version).labels
    const sample = readFileSync(join(packageRoot(), 'examples', 'faq.yaml'), 'utf8')
    for (const [, name] of sample.matchAll(/intent: (\w+)/g)) expect(intent).toContain(name)
    expect(await loadPlugins([{ name: 'faq' }], [])).toHaveLength(1)
  })

  it('lets the configuration override both', async () => {
    const [plugin] = await loadPlugins([{ name: 'sentiment', priority: 99, when: 'turn > 3' }], [])
    expect(plugin).toMatchObject({ priority: 99, when: 'turn > 3' })
  })

  it.each([
    [{ name: 'sentimant' }, /there is no plugin "sentimant" \(nearest: sentiment\)/],
    [{ name: 'toString' }, /there is no plugin "toString"/],
    [{ name: 'faq', options: { file: '' } }, /options of plugin "faq" don't fit: .*\n.*file/],
    [{ name: 'faq', options: { file: 'x', confidence: 2 } }, /confidence/],
    [{ name: 'sentiment', options: { level: 1 } }, /options of plugin "sentiment" don't fit: .*"level"/],
  ])('refuses %j', async (entry, message) => {
    await expect(loadPlugins([entry], [])).rejects.toThrow(message)
  })
})
