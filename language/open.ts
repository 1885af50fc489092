import { join } from 'node:path'
import { packageRoot } from '../schemas/root.ts'
import { bertTier } from './bert-tier.ts'
import { encodedAs } from './detect.ts'
import { type Encoder, openEncoder } from './encoder/encoder.ts'
import { matrixProduct } from './heads/products.ts'
import { type Least, linearTier } from './linear-tier.ts'
import { type EncodedLanguage, languages, loadTeaching, type Teaching } from './teach/teaching.ts'
import { never } from './teach/thresholds.ts'
import { shipped, versionIn } from './teach/versions.ts'
import type { Tier } from './tier.ts'

/** Who answers. `cascade`: the linear tier where it is sure, else the encoder. `bert`: always the encoder. `linear`: never. */
export type TierChoice = 'cascade' | 'bert' | 'linear'

export type Encoders = Partial<Record<EncodedLanguage, Encoder>>

/** Opens the encoders that ship, with so many threads each. @throws with the remedy */
export async function openEncoders(threads = 1): Promise<Encoders> {
  const opened = await Promise.all(
    languages.map((language) => openEncoder(join(packageRoot(), 'models', language), threads)),
  )
  return Object.fromEntries(opened.map((encoder) => [encoder.manifest.language, encoder]))
}

export async function closeEncoders(encoders: Encoders): Promise<void> {
  await Promise.all(Object.values(encoders).map((encoder) => encoder.close()))
}

/** Where a version lies. */
export interface Place {
  readonly folder: string
  readonly version: string
}

/** What ships. @throws where the project was not built */
export function shippedPlace(): Place {
  const version = versionIn(shipped(), 'current')
  if (version !== undefined) return { folder: shipped(), version }
  throw new Error(`${shipped()} is empty: run "npm run setup"`)
}

/** @throws where a file is missing, damaged, of another version, or fits another encoder; with the remedy */
export const openTeaching = ({ folder, version }: Place, encoders: Encoders): Teaching =>
  loadTeaching(
    folder,
    version,
    Object.fromEntries(Object.values(encoders).map(({ manifest }) => [manifest.language, manifest.version])),
  )

/** The tiers over what was taught, in the order in which they are asked; without encoders, the linear tier alone. */
export async function tiersOf(
  teaching: Teaching,
  encoders: Encoders,
  tier: TierChoice,
  margin: number,
): Promise<readonly Tier[]> {
  const { linear, version, dense } = teaching
  if (tier === 'linear' || Object.keys(dense).length === 0) return [linearTier(linear, { version, margin })]
  const bert = bertTier({ teaching, encoders, product: await matrixProduct(), margin })
  return tier === 'bert' ? [bert] : [linearTier(linear, { version, margin }, leastBy(teaching)), bert]
}

/** By the thresholds that validation has found. In neither language alone, the linear tier is never sure. */
export function leastBy({ thresholds, dense, linear }: Teaching): Least {
  const by = (language: string): readonly number[] | undefined => {
    const taught = dense[encodedAs(language)]
    if (!taught) return undefined
    if (language !== 'en' && language !== 'zh') return linear.heads.map(() => never)
    // A head that was not taught in this language is the linear tier's own
    const isTaught = (name: string) => taught.heads.some((head) => head.name === name)
    return linear.heads.map(({ name }) => (isTaught(name) ? (thresholds[language]?.[name] ?? never) : 0))
  }
  const known = new Map(['en', 'zh', 'mixed', 'other'].map((language) => [language, by(language)]))
  return (language) => (known.has(language) ? known.get(language) : by(language))
}
