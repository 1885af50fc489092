import type { Mood } from './emotion.ts'
import type { Reading } from './reading.ts'

/** What loudness, a negative sentiment, and anger or fear can each add, as a word of that weight would. */
const byVolume = 0.3
const byMood = 0.2
const byEmotion = 0.15
/** Whoever says that there is no hurry is believed, for the most part. */
const leftWhenCalm = 0.2

/**
 * How much a user presses, 0 to 1. Each sign leaves open a share of what the others left (a noisy-or: Pearl, 1988), so
 * that more signs are more urgent, their order doesn't matter, and one is the limit.
 */
export function urgencyOf(reading: Reading, emotion: string, { sentimentScore }: Mood): number {
  const upset = emotion === 'anger' || emotion === 'fear'
  const open =
    (1 - reading.pressing) *
    (1 - byMood * Math.max(0, -sentimentScore)) *
    (1 - (upset ? byEmotion : 0)) *
    // Joy is loud as well
    (1 - (sentimentScore > 0 ? 0 : byVolume * reading.volume))
  return (1 - open) * (reading.calm ? leftWhenCalm : 1)
}
