import { join } from 'node:path'
import { packageRoot } from '../schemas/root.ts'
import { bertTier } from './bert-tier.ts'
import { encodedAs } from './detect.ts'
import { type Encoder, openEncoder } from './encoder/encoder.ts'
import { matrixProduct } from './heads/products.ts'
import type { LinearModel } from './linear.ts'
import { linearTier, type Sure } from './linear-tier.ts'
import { loadModel, shippedModel } from './model-file.ts'
import {
  currentVersion,
  type EncodedLanguage,
  languages,
  loadTeaching,
  type Teaching,
} from './teach/teaching.ts'
import { never } from './teach/thresholds.ts'
import type { Tier } from './tier.ts'

export interface LanguageSettings {
  /** A folder that `murmur language train` has written; empty: what ships. */
  readonly teaching: string
  /** `cascade`: the linear tier where it is sure, else the encoder. `bert`: always the encoder. `linear`: never. */
  readonly tier: 'cascade' | 'bert' | 'linear'
}

export type Encoders = Partial<Record<EncodedLanguage, Encoder>>

/** Opens the encoders that ship. @throws with the remedy */
export async function openEncoders(): Promise<Encoders> {
  const opened = await Promise.all(
    languages.map((language) => openEncoder(join(packageRoot(), 'models', language))),
  )
  return Object.fromEntries(opened.map((encoder) => [encoder.manifest.language, encoder]))
}

export async function closeEncoders(encoders: Encoders): Promise<void> {
  await Promise.all(Object.values(encoders).map((encoder) => encoder.close()))
}

/** The linear model in use. @throws where what was taught can't be read */
export const taughtLinear = ({ teaching }: LanguageSettings): LinearModel =>
  teaching === '' ? loadModel(shippedModel) : loadTeaching(teaching, currentVersion(teaching), {}).linear

/** What texts may be taken for. @throws where what was taught can't be read */
export const taughtIntents = (settings: LanguageSettings): readonly string[] =>
  taughtLinear(settings).heads.find(({ name }) => name === 'intent')?.labels ?? []

/**
 * Opens what understands texts: the tiers, in the order in which they are asked. Where the encoders can't be opened, the
 * linear tier answers alone, and somebody is told why.
 * @throws where what was taught can't be read
 */
export async function openLanguage(
  { teaching: folder, tier }: LanguageSettings,
  open = openEncoders,
  warn = (message: string) => console.error(`murmur: ${message}`),
): Promise<readonly Tier[]> {
  if (folder === '') return [linearTier(loadModel(shippedModel))]
  const encoders = tier === 'linear' ? {} : await open().catch((error: Error) => degraded(error, warn))
  const teaching = loadTeaching(folder, currentVersion(folder), versionsOf(encoders))
  if (Object.keys(teaching.dense).length === 0) return [linearTier(teaching.linear, teaching.version)]
  const bert = bertTier({ teaching, encoders, product: await matrixProduct() })
  return tier === 'bert' ? [bert] : [linearTier(teaching.linear, teaching.version, sureBy(teaching)), bert]
}

function degraded({ message }: Error, warn: (message: string) => void): Encoders {
  warn(`the linear tier answers alone: ${message}`)
  return {}
}

const versionsOf = (encoders: Encoders): Partial<Record<EncodedLanguage, string>> =>
  Object.fromEntries(Object.values(encoders).map(({ manifest }) => [manifest.language, manifest.version]))

/** By the thresholds that validation has found. In neither language alone, the linear tier is never sure. */
function sureBy({ thresholds, dense }: Teaching): Sure {
  return (language, intent, sentiment) => {
    if (!dense[encodedAs(language)]) return true
    if (language !== 'en' && language !== 'zh') return false
    const { intent: least = never, sentiment: leastMood = never } = thresholds[language] ?? {}
    return intent >= least && sentiment >= leastMood
  }
}
