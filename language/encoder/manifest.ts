import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const format = 1

const manifestSchema = z.object({
  format: z.number(),
  /** The beginning of the graph's digest: heads are fitted on one version and fit no other. */
  version: z.string(),
  language: z.enum(['en', 'zh']),
  /** The encoder that it was tuned from. */
  base: z.string(),
  /** Of a text's vector. */
  dimensions: z.number(),
  /** What comes later in a text is not looked at. */
  maxTokens: z.number(),
  sha256: z.object({ 'encoder.onnx': z.string(), 'vocab.txt': z.string() }),
})

/** What an encoder's folder says of it. */
export type Manifest = z.output<typeof manifestSchema>

export interface EncoderFiles {
  readonly manifest: Manifest
  readonly graph: Buffer
  readonly vocabulary: string
}

const remedy = 'put back the folder that came with Murmur, or write it anew with models/recipe'

/**
 * Reads an encoder's folder and checks it against its manifest.
 * @throws naming the file: where one is missing, of another format, or not as the manifest says
 */
export function readEncoder(folder: string): EncoderFiles {
  const read = (name: string): Buffer => {
    const file = join(folder, name)
    if (!existsSync(file)) throw new Error(`${file} is missing; ${remedy}`)
    return readFileSync(file)
  }
  const manifest = parseManifest(join(folder, 'manifest.json'), read('manifest.json').toString())
  const checked = (name: keyof Manifest['sha256']): Buffer => {
    const bytes = read(name)
    if (createHash('sha256').update(bytes).digest('hex') === manifest.sha256[name]) return bytes
    throw new Error(
      `${join(folder, name)} (${bytes.length} bytes) is damaged, cut short or of another version than its manifest; ${remedy}`,
    )
  }
  return { manifest, graph: checked('encoder.onnx'), vocabulary: checked('vocab.txt').toString() }
}

function parseManifest(file: string, text: string): Manifest {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new Error(`${file} is no JSON: ${(error as Error).message}; ${remedy}`)
  }
  const { success, data, error } = manifestSchema.safeParse(json)
  if (!success)
    throw new Error(`${file}: "${error.issues[0]?.path.join('.')}" is wrong or missing; ${remedy}`)
  if (data.format === format) return data
  throw new Error(
    `${file} has format ${data.format}, this Murmur reads format ${format}; use the version of Murmur that it belongs to`,
  )
}
