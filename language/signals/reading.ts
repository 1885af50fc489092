import { kind, kinds } from '../features.ts'
import { innocent, negators } from '../lexicon.ts'
import { volumeOf } from './emphasis.ts'
import { foldTerm, termsOf } from './terms.ts'
import { calmWords, emotions, emotionWords, urgentWords } from './words.ts'

/** What the words of a text say by themselves. */
export interface Reading {
  /** By emotion, in the order of `emotions`: the sum of its words' weights. Valid until the next reading. */
  readonly felt: Float64Array
  /** Of the urgent words: 1 less the product of what each leaves open. */
  readonly pressing: number
  /** The user says that there is no hurry. */
  readonly calm: boolean
  /** How loudly it is written, 0 to 1. */
  readonly volume: number
}

/** What a word means; a word may mean several things. */
interface Cue {
  readonly emotion: number
  readonly weight: number
  readonly urgency: number
  readonly calm: boolean
  readonly negates: boolean
}

const strong = 1
const weak = 0.6
/** A negation reaches so many words, or Chinese characters, on. */
const reach = 3

const split = (words: string): string[] => words.split(',').map((word) => word.trim())

/**
 * Makes the reader of a text's words.
 * @param urgent words of a user's own, with how much they press; 0 takes one of ours away
 */
export function readerOf(urgent: Readonly<Record<string, number>> = {}): (text: string) => Reading {
  const cues = termsOf(entriesWith(urgent))
  const felt = new Float64Array(emotions.length)

  return (text) => {
    felt.fill(0)
    let open = 1
    let calm = false
    let negatorEnd = -1
    cues.each(text, (cue, start, end) => {
      if (cue.negates) {
        negatorEnd = end
        return
      }
      if (cue.calm) calm = true
      if (negatorEnd >= 0 && isNear(text, negatorEnd, start)) return
      if (cue.weight > 0) felt[cue.emotion]! += cue.weight
      open *= 1 - cue.urgency
    })
    return { felt, pressing: 1 - open, calm, volume: volumeOf(text) }
  }
}

function entriesWith(urgent: Readonly<Record<string, number>>): Map<string, Cue> {
  const cues = new Map<string, Cue>()
  const add = (written: string, part: Partial<Cue>): void => {
    const word = foldTerm(written)
    const before = cues.get(word) ?? { emotion: 0, weight: 0, urgency: 0, calm: false, negates: false }
    cues.set(word, { ...before, ...part })
  }
  for (const word of negators) add(word, { negates: true })
  for (const word of innocent) add(word, {})
  for (const [emotion, name] of emotions.entries()) {
    for (const word of split(emotionWords[name].weak)) add(word, { emotion, weight: weak })
    for (const word of split(emotionWords[name].strong)) add(word, { emotion, weight: strong })
  }
  for (const [urgency, words] of urgentWords) for (const word of split(words)) add(word, { urgency })
  for (const word of split(calmWords)) add(word, { calm: true })
  for (const [word, urgency] of Object.entries(urgent)) add(word, { urgency })
  return cues
}

/** Whether at most `reach` words, or Chinese characters, lie between two places, and no sentence ends there. */
function isNear(text: string, from: number, to: number): boolean {
  let between = 0
  let inWord = false
  for (let i = from; i < to; i++) {
    const is = kinds[text.charCodeAt(i)]!
    if (is === kind.symbol) return false
    if (is === kind.ideograph || (is === kind.letter && !inWord)) between++
    inWord = is === kind.letter || is === kind.joiner
    if (between >= reach) return false
  }
  return true
}
