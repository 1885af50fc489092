import type { AspectSentiment, Sentiment } from '../../schemas/generated/events.ts'
import type { LinearTier } from '../linear-tier.ts'
import { type Clause, clausesOf, wordsIn } from './clauses.ts'
import type { Mood } from './emotion.ts'
import { foldTerm, termsOf } from './terms.ts'

/** By aspect the terms that speak of it; `*` at the end of one: any ending. */
export type AspectTerms = Readonly<Record<string, readonly string[]>>

/** The sentiment of a part of a text. */
export type Score = (
  text: string,
  language: string,
) => { readonly sentiment: Sentiment; readonly score: number }

/** Scores by a tier that answers at once. */
export const scoreBy =
  (tier: LinearTier): Score =>
  (text, language) => {
    const [answer] = tier.understand([{ text, language }])
    return { sentiment: answer!.sentiment, score: answer!.sentimentScore }
  }

export type AspectReader = (text: string, language: string, mood: Mood) => readonly AspectSentiment[]

interface Mention extends Clause {
  readonly aspects: readonly string[]
}

/** A clause with no more words than this beside its terms says nothing of them: what follows does. */
const merely = 1
/** Of a long text so many clauses are scored; what they don't reach is not told. */
const mostScored = 16
const nothing: readonly AspectSentiment[] = []

/**
 * Makes the reader of what is said of each aspect: the sentiment of the clause that mentions it. Of several clauses
 * the one that says it most strongly counts. A text of one clause has its own sentiment; nothing is scored.
 */
export function aspectReader(aspects: AspectTerms, score: Score): AspectReader {
  const terms = termsOf(aspectsByTerm(aspects))
  return (text, language, { sentiment, sentimentScore }) => {
    const mentions: Mention[] = []
    terms.each(text, (what, start, end) => mentions.push({ aspects: what, start, end }))
    if (mentions.length === 0) return nothing

    const whole = { sentiment, score: sentimentScore }
    const clauses = clausesOf(text)
    const found = new Map<string, AspectSentiment>()
    for (const [said, about] of clausesAbout(text, clauses, mentions).slice(0, mostScored)) {
      const { start, end } = said
      const alone = start <= clauses[0]!.start && end === clauses.at(-1)!.end
      const felt = alone ? whole : score(text.slice(start, end).trim(), language)
      for (const aspect of about) {
        const before = found.get(aspect)
        if (before && Math.abs(before.score) >= Math.abs(felt.score)) continue
        found.set(aspect, { aspect, sentiment: felt.sentiment, score: felt.score })
      }
    }
    return [...found.values()]
  }
}

/** One term may speak of several aspects. */
function aspectsByTerm(aspects: AspectTerms): Map<string, string[]> {
  const byTerm = new Map<string, string[]>()
  for (const [aspect, terms] of Object.entries(aspects))
    for (const term of terms.map(foldTerm)) byTerm.set(term, [...(byTerm.get(term) ?? []), aspect])
  return byTerm
}

/** The clauses that mention aspects, with these. One that only names them goes on with the next. */
function clausesAbout(
  text: string,
  clauses: readonly Clause[],
  mentions: readonly Mention[],
): (readonly [Clause, ReadonlySet<string>])[] {
  const about: (readonly [Clause, ReadonlySet<string>])[] = []
  let next = 0
  for (let i = 0; i < clauses.length && next < mentions.length; i++) {
    const { start } = clauses[i]!
    const named = new Set<string>()
    let said = 0
    let end = start
    for (; ; i++) {
      end = clauses[i]!.end
      said += wordsIn(text, clauses[i]!.start, end)
      for (; next < mentions.length && mentions[next]!.start < end; next++) {
        const mention = mentions[next]!
        for (const aspect of mention.aspects) named.add(aspect)
        said -= wordsIn(text, mention.start, mention.end)
      }
      if (named.size === 0 || said > merely || i + 1 === clauses.length) break
    }
    if (named.size > 0) about.push([{ start, end }, named])
  }
  return about
}
