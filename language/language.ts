import { type Cascade, cascade } from './cascade.ts'
import { type Fallback, fallBack } from './fallback.ts'
import { linearTier } from './linear-tier.ts'
import {
  closeEncoders,
  type Encoders,
  openEncoders,
  openTeaching,
  type Place,
  shippedPlace,
  type TierChoice,
  tiersOf,
} from './open.ts'
import { type Score, scoreBy } from './signals/aspects.ts'
import { readManifest } from './teach/teaching.ts'
import { fileOf, type Use, versionIn } from './teach/versions.ts'
import type { Text, Understanding } from './tier.ts'

export interface LanguageSettings {
  /** Where `murmur language train` puts versions. */
  readonly folder: string
  /** Whether what ships answers while nothing was taught there. */
  readonly orShipped: boolean
  readonly tier: TierChoice
  /** Intents that are no further behind the likeliest are told of. */
  readonly margin: number
  readonly fallback: Fallback
}

/** What understands texts: always by the version that is in use, which may change while it runs. */
export interface Language {
  /** One answer a text, in order. Asynchronous only where the encoder, or a shadow, was asked. */
  understand(texts: readonly Text[]): readonly Understanding[] | Promise<readonly Understanding[]>
  /** The sentiment of a part of a text, at once: by the linear tier. */
  readonly score: Score
  readonly version: string
  /** How many texts each tier has answered. */
  readonly answered: ReadonlyMap<string, number>
  /** How often a shadow would have answered the same, and not. */
  readonly shadowed: { readonly same: number; readonly different: number }
  /** Why it does less than it should, in words for a person; empty: nothing is wrong. */
  readonly faults: readonly string[]
  close(): Promise<void>
}

/** How often it is looked whether another version is to be used. */
const lookMs = 500

interface InUse {
  readonly cascade: Cascade
  readonly score: Score
  readonly version: string
}

/** What texts may be taken for. @throws where what was taught can't be read */
export function taughtIntents(settings: LanguageSettings): readonly string[] {
  const { folder, version } = placeOf(settings)
  const { outOfScope: none, unsure, ambiguous } = settings.fallback
  const fallbacks = [none, unsure, ambiguous].filter((name) => name !== '')
  return [...(readManifest(folder, version).labels.intent ?? []), ...fallbacks]
}

/**
 * Opens what understands texts, and follows the folder: what is put into use there answers from the next batch on. A version
 * that can't be read is refused, and the one before stays. Where the encoders can't be opened, the linear tier answers alone.
 * @param warn told of every fault
 * @throws where what was taught can't be read at first
 */
export async function openLanguage(
  settings: LanguageSettings,
  open = openEncoders,
  warn = (message: string) => console.error(`murmur: ${message}`),
): Promise<Language> {
  const { folder, tier, margin, fallback } = settings
  const faults = new Map<string, string>()
  const answered = new Map<string, number>()
  const shadowed = { same: 0, different: 0 }
  const tried = new Map<Use, string | undefined>([['current', versionIn(folder, 'current')]])
  const encoders = tier === 'linear' ? {} : await open().catch(degraded)
  let inUse = await load(placeOf(settings), answered)
  let shadow: InUse | undefined
  let changing = Promise.resolve()

  function degraded({ message }: Error): Encoders {
    fault('encoders', `the linear tier answers alone: ${message}`)
    return {}
  }

  function fault(what: string, message: string | undefined): void {
    if (message === undefined) faults.delete(what)
    else {
      faults.set(what, message)
      warn(message)
    }
  }

  async function load(place: Place, counts?: Map<string, number>): Promise<InUse> {
    const teaching = openTeaching(place, encoders)
    const { version, linear } = teaching
    return {
      cascade: cascade(await tiersOf(teaching, encoders, tier, margin), counts),
      score: scoreBy(linearTier(linear)),
      version,
    }
  }

  /** Takes over what the file names, unless that was tried before. */
  async function follow(use: Use): Promise<void> {
    try {
      const version = versionIn(folder, use)
      if (version === tried.get(use)) return
      tried.set(use, version)
      if (use === 'current') {
        const place = placeOf(settings)
        if (place.version !== inUse.version) inUse = await load(place, answered)
      } else shadow = version === undefined ? undefined : await load({ folder, version })
      fault(use, undefined)
    } catch (error) {
      const kept =
        use === 'current' ? `; version ${inUse.version} goes on answering` : '; nothing is compared with it'
      fault(use, `what ${fileOf(folder, use)} names can't be used: ${(error as Error).message}${kept}`)
    }
  }

  await follow('shadow')
  // Not by a watch, which could miss what changes before it has begun
  const timer = setInterval(() => {
    changing = changing.then(() => follow('current')).then(() => follow('shadow'))
  }, lookMs)
  timer.unref()

  async function compared(texts: readonly Text[], answers: readonly Understanding[], by: InUse) {
    let others: readonly Understanding[]
    try {
      others = await by.cascade.understand(texts)
    } catch (error) {
      fault('shadow', `the shadow ${by.version} fails: ${(error as Error).message}`)
      return answers
    }
    return answers.map((answer, at): Understanding => {
      const { intent, sentiment } = others[at]!
      const same = intent === answer.intent && sentiment === answer.sentiment
      shadowed[same ? 'same' : 'different']++
      return {
        ...answer,
        labels: { ...answer.labels, shadow_intent: intent, shadow_sentiment: sentiment },
      }
    })
  }

  const finished = (answers: readonly Understanding[]) => answers.map((answer) => fallBack(answer, fallback))

  return {
    understand(texts) {
      const [{ cascade }, other] = [inUse, shadow]
      const answers = cascade.understand(texts)
      if (!other) return answers instanceof Promise ? answers.then(finished) : finished(answers)
      return Promise.resolve(answers)
        .then((made) => compared(texts, made, other))
        .then(finished)
    },
    score: (text, language) => inUse.score(text, language),
    get version() {
      return inUse.version
    },
    answered,
    shadowed,
    get faults() {
      return [...faults.values()]
    },
    async close() {
      clearInterval(timer)
      await changing
      await closeEncoders(encoders)
    },
  }
}

/** @throws where nothing was taught there, and what ships is not to answer */
export function placeOf({ folder, orShipped }: Pick<LanguageSettings, 'folder' | 'orShipped'>): Place {
  const version = versionIn(folder, 'current')
  if (version !== undefined) return { folder, version }
  if (orShipped) return shippedPlace()
  throw new Error(
    `${folder} holds nothing that was taught: there is no file "current" in it; teach it with "murmur language train --out ${folder}"`,
  )
}
