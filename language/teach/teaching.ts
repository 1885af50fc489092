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
export function versioned(teaching: Omit<Teaching, 'version' | 'format'>): Teaching {
  const hash = createHash('sha256').update(encodeModel(teaching.linear))
  for (const language of languages) {
    const dense = teaching.dense[language]
    if (dense) hash.update(encodeHeads(dense))
  }
  hash.update(JSON.stringify(teaching.thresholds))
  return { ...teaching, format: 1, version: hash.digest('hex').slice(0, 12) }
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

/** The file that names the version in use. */
const currentFile = (folder: string): string => join(folder, 'current')

/** Puts a version into use; whoever runs with this folder takes it over. */
export function useVersion(folder: string, version: string): void {
  const draft = `${currentFile(folder)}.${process.pid}`
  writeFileSync(draft, `${version}\n`)
  renameSync(draft, currentFile(folder))
}

/** @throws where nothing was taught there */
export function currentVersion(folder: string): string {
  const file = currentFile(folder)
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  throw new Error(
    `${folder} holds nothing that was taught: there is no file "current" in it; ${remedy} --out ${folder}`,
  )
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
  const read = (name: string): Buffer => {
    const file = join(folder, version, name)
    if (existsSync(file)) return readFileSync(file)
    throw new Error(`${file} is missing; ${remedy}`)
  }
  const file = join(folder, version, 'model.json')
  const parsed = manifestSchema.safeParse(parseJson(file, read('model.json').toString()))
  if (!parsed.success)
    throw new Error(
      `${file}: "${parsed.error.issues[0]?.path.join('.')}" is wrong, missing, or of another version of Murmur; ${remedy}`,
    )
  const dense: Partial<Record<EncodedLanguage, DenseModel>> = {}
  for (const language of languages) {
    const encoder = encoders[language]
    const name = `heads.${language}.bin`
    if (encoder && existsSync(join(folder, version, name)))
      dense[language] = decodeHeads(read(name), encoder, join(folder, version, name))
  }
  return {
    ...parsed.data,
    linear: decodeModel(read('linear.bin'), join(folder, version, 'linear.bin')),
    dense,
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`${file} is no JSON: ${(error as Error).message}; ${remedy}`)
  }
}
