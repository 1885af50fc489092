import { detect } from '../../language/detect.ts'
import { simhash } from '../../language/simhash.ts'
import { cleanedFrom, type Media, type Utterance } from '../../schemas/generated/events.ts'
import { cleaned, utterances } from '../../schemas/topics.ts'
import type { Message } from '../message.ts'
import { type Rejection, reject } from '../message.ts'
import { each, type Stage } from '../stage.ts'
import { cut, type FullWidth, normalise, redact, type Treatment } from './text.ts'

export interface CleaningOptions {
  /** What becomes of links. Default: keep. */
  readonly urls?: Treatment
  /** What becomes of @names. Default: keep. */
  readonly mentions?: Treatment
  /** What becomes of emoji. Default: keep. */
  readonly emoji?: Treatment
  /** What becomes of full-width letters, digits and punctuation. Default: fold. */
  readonly fullWidth?: FullWidth
  /** UTF-16 units that a clean text may have; what is longer is cut. Default: 8,000. */
  readonly maxLength?: number
}

/** Media up to so many bytes travel in the message. */
export const maxMediaBytes = 10_485_760

const day = 86_400_000
/** What lies beyond so many times the allowed length is not even looked at. */
const lookAhead = 4

/**
 * The cleaning stage: `utterances` → `cleaned`. It normalises the text, tells its language and takes its
 * fingerprint; it refuses utterances that nothing behind it could work with.
 */
export function cleaning(options: CleaningOptions = {}): Stage {
  const { urls = 'keep', mentions = 'keep', emoji = 'keep', fullWidth = 'fold', maxLength = 8000 } = options
  const redacts = urls !== 'keep' || mentions !== 'keep' || emoji !== 'keep'

  return each({ name: 'cleaning', from: utterances, to: cleaned }, (message, { now }) => {
    const { text, languageHint } = message.value
    const glance = cut(text, lookAhead * maxLength)
    const normal = normalise(glance, fullWidth)
    const rejection = refuse(message, normal, now)
    if (rejection) return [rejection]
    const whole = redacts ? redact(normal, urls, mentions, emoji) : normal
    const cleanText = cut(whole, maxLength)
    const { language, confidence } = detect(cleanText, languageHint)
    return [
      message.as(
        cleanedFrom(message.value, {
          cleanText,
          language,
          languageConfidence: confidence,
          fingerprint: simhash(cleanText),
          truncated: cleanText.length < whole.length || glance.length < text.length,
        }),
      ),
    ]
  })
}

function refuse(message: Message<Utterance>, normal: string, now: number): Rejection | undefined {
  const { id, conversation, media, occurredAt } = message.value
  if (id === '')
    return reject(message, 'field "id" is empty: give every utterance an id of its own', 'EMPTY_ID')
  if (conversation === '')
    return reject(
      message,
      'field "conversation" is empty: give the conversation, or the id where each stands alone',
      'EMPTY_CONVERSATION',
    )
  if (normal === '' && media.length === 0)
    return reject(
      message,
      'field "text" says nothing visible and "media" is empty: send either',
      'EMPTY_UTTERANCE',
    )
  if (!(occurredAt >= 0 && occurredAt <= now + day))
    return reject(
      message,
      `field "occurredAt" is ${occurredAt}: it must be milliseconds since 1970, at most a day ahead of now (${now})`,
      'TIME_OUT_OF_RANGE',
    )
  return media.length === 0 ? undefined : refuseMedia(message, media)
}

function refuseMedia(message: Message<Utterance>, media: readonly Media[]): Rejection | undefined {
  for (const [index, { data, url }] of media.entries()) {
    if (data !== null && data.length > maxMediaBytes)
      return reject(
        message,
        `field "media[${index}].data" has ${data.length} bytes and may have ${maxMediaBytes}: put it into shared storage and send its url`,
        'MEDIA_TOO_LARGE',
      )
    if (data === null && url === null)
      return reject(message, `field "media[${index}]" has neither data nor url: send either`, 'EMPTY_MEDIA')
  }
  return undefined
}
