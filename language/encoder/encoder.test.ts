import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Encoder, openEncoder } from './encoder.ts'

const folder = mkdtempSync(join(tmpdir(), 'murmur-encoder-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe.each([
  ['en', ['where is my parcel', 'my parcel has not arrived, where is it?', 'what a beautiful song']],
  ['zh', ['我的快递到哪里了', '包裹还没收到，到哪儿了？', '这首歌真好听']],
] as const)('the encoder for "%s"', (language, [one, alike, other]) => {
  let encoder: Encoder
  beforeAll(async () => {
    encoder = await openEncoder(join('models', language))
  })
  afterAll(() => encoder.close())

  const vectorsOf = async (texts: readonly string[]) => {
    const { dimensions } = encoder.manifest
    const values = await encoder.encode(texts)
    return texts.map((_, at) => values.subarray(at * dimensions, (at + 1) * dimensions))
  }
  const likeness = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)

  test('texts that mean much the same are nearer to each other than to another', async () => {
    const [first, second, third] = (await vectorsOf([one, alike, other])) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ]
    expect(likeness(first, second)).toBeGreaterThan(likeness(first, third) + 0.1)
  })

  test('whatever is said, a vector has length 1, and stands in the place of its text', async () => {
    const texts = [
      '',
      'x'.repeat(100_000),
      '订单'.repeat(50_000),
      '🤣👍🏽',
      'a\ud800',
      'مرحبا بالعالم',
      'if (x) { y() }',
      one,
    ]
    const vectors = await vectorsOf([...texts, ...texts.toReversed()])
    for (const [at, vector] of vectors.entries()) {
      expect(Math.sqrt(likeness(vector, vector))).toBeCloseTo(1, 3)
      expect(likeness(vector, vectors[vectors.length - 1 - at]!)).toBeGreaterThan(0.98)
    }
  })

  test('calls that overlap get their own vectors; none of nothing', async () => {
    const [[a], [b], nothing] = await Promise.all([vectorsOf([one]), vectorsOf([other]), encoder.encode([])])
    expect(likeness(a!, (await vectorsOf([one]))[0]!)).toBeCloseTo(1, 4)
    expect(likeness(b!, (await vectorsOf([other]))[0]!)).toBeCloseTo(1, 4)
    expect(nothing).toHaveLength(0)
  })
})

describe('a folder that is no good is refused, with what to do', () => {
  const copy = (name: string): string => {
    cpSync('models/zh', join(folder, name), { recursive: true })
    return join(folder, name)
  }
  const edit = (at: string, change: (manifest: Record<string, unknown>) => void): void => {
    const file = join(at, 'manifest.json')
    const manifest = JSON.parse(readFileSync(file, 'utf8'))
    change(manifest)
    writeFileSync(file, JSON.stringify(manifest))
  }

  test('where a file is missing', async () => {
    await expect(openEncoder(join(folder, 'nowhere'))).rejects.toThrow(/manifest\.json is missing; put back/)
  })

  test('where a file was cut short', async () => {
    const at = copy('short')
    truncateSync(join(at, 'encoder.onnx'), 1_000_000)
    await expect(openEncoder(at)).rejects.toThrow(/encoder\.onnx \(1000000 bytes\) is damaged, cut short/)
  })

  test('where it is of another format, or no manifest at all', async () => {
    const at = copy('newer')
    edit(at, (manifest) => {
      manifest.format = 2
    })
    await expect(openEncoder(at)).rejects.toThrow('has format 2, this Murmur reads format 1')
    edit(at, (manifest) => {
      delete manifest.dimensions
    })
    await expect(openEncoder(at)).rejects.toThrow('"dimensions" is wrong or missing')
    writeFileSync(join(at, 'manifest.json'), '{')
    await expect(openEncoder(at)).rejects.toThrow('is no JSON')
  })
})
