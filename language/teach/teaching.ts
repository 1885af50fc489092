import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { decodeHeads, encodeHeads } from '../heads/bundle.ts'
import type { DenseModel } from '../heads/dense.ts'
import type { LinearModel } from '../linear.ts'
import { decodeModel, encodeModel } from '../model-file.ts'

export const languages = ['en', 'zh'] as const
export type EncodedLanguage = (typeof languages)[number]

/** How a head did on examples that it was not taught with; shares are 0 to 1. */
const reportSchema = z.object({
  head: z.string(),
  language: z.enum(languages),
  classes: z.number(),
  examples: z.number(),
  accuracy: z.number(),
  linearAccuracy: z.number(),
  calibrationError: z.number(),
  outOfScopeRecall: z.number().optional(),
  /** Of these examples, those that the linear tier may answer. */
  linearShare: z.number(),
  /** The pairs of labels that are taken for each other most often. */
  confused: z.array(z.object({ label: z.string(), as: z.string(), count: z.number() })),
})
export type HeadReport = z.output<typeof reportSchema>

const manifestSchema = z.object({
  format: z.literal(1),
  version: z.string(),
  /** By head, what it may say of a text. */
  labels: z.record(z.string(), z.array(z.string())),
  /** By language and head: how sure the linear tier must be to answer. */
  thresholds: z.partialRecord(z.enum(languages), z.record(z.string(), z.number())),
  reports: z.array(reportSchema),
})

/** Everything that was learnt from examples: both tiers, and when which of them answers. */
export interface Teaching extends z.output<typeof manifestSchema> {
  readonly linear: LinearModel
  readonly dense: Partial<Record<EncodedLanguage, DenseModel>>
}

const remedy = 'teach it again with "murmur language train"'

/** The version: equal contents give equal ones. */
export function versioned(teaching: Omit<Teaching, 'version' | 'format' | 'labels'>): Teaching {
  const hash = createHash('sha256').update(encodeModel(teaching.linear))
  for (const language of languages) {
    const dense = teaching.dense[language]
    if (dense) hash.update(encodeHeads(dense))
  }
  hash.update(JSON.stringify(teaching.thresholds))
  const labels = Object.fromEntries(teaching.linear.heads.map(({ name, labels }) => [name, [...labels]]))
  return { ...teaching, labels, format: 1, version: hash.digest('hex').slice(0, 12) }
}

/**
 * Writes a teaching to FOLDER/VERSION; whole or not at all.
 * @returns its folder
 */
export function saveTeaching({ linear, dense, ...manifest }: Teaching, folder: string): string {
  const target = join(folder, manifest.version)
  const draft = `${target}.${process.pid}`
  mkdirSync(draft, { recursive: true })
  writeFileSync(join(draft, 'linear.bin'), encodeModel(linear))
  for (const [language, model] of Object.entries(dense))
    writeFileSync(join(draft, `heads.${language}.bin`), encodeHeads(model))
  writeFileSync(join(draft, 'model.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  rmSync(target, { recursive: true, force: true })
  renameSync(draft, target)
  return target
}

/**
 * Reads a version.
 * @param encoders versions of the encoders that are there; heads of others are left alone
 * @throws naming file and remedy, where a file is missing, damaged, of another version, or fits another encoder
 */
export function loadTeaching(
  folder: string,
  version: string,
  encoders: Partial<Record<EncodedLanguage, string>>,
): Teaching {
  const read = (name: string) => readPart(join(folder, version, name))
  const manifest = readManifest(folder, version)
  const dense: Partial<Record<EncodedLanguage, DenseModel>> = {}
  for (const language of languages) {
    const encoder = encoders[language]
    const name = `heads.${language}.bin`
    if (encoder && existsSync(join(folder, version, name)))
      dense[language] = decodeHeads(read(name), encoder, join(folder, version, name))
  }
  return {
    ...manifest,
    linear: decodeModel(read('linear.bin'), join(folder, version, 'linear.bin')),
    dense,
  }
}

/** What a version is, without what it learnt. @throws as `loadTeaching` */
export function readManifest(folder: string, version: string): z.output<typeof manifestSchema> {
  const file = join(folder, version, 'model.json')
  const { success, data, error } = manifestSchema.safeParse(parseJson(file, readPart(file).toString()))
  if (success) return data
  throw new Error(
    `${file}: "${error.issues[0]?.path.join('.')}" is wrong, missing, or of another version of Murmur; ${remedy}`,
  )
}

function readPart(file: string): Buffer {
  if (existsSync(file)) return readFileSync(file)
  throw new Error(`${file} is missing; ${remedy}`)
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`${file} is no JSON: ${(error as Error).message}; ${remedy}`)
  }
}
