import { decodeHTMLStrict } from 'entities'

/** What becomes of a kind of thing in a text: left as it is, taken out, or named (`<url>`, `<user>`, `<emoji>`). */
export type Treatment = 'keep' | 'remove' | 'placeholder'

export type FullWidth = 'fold' | 'keep'

/**
 * Normalises a text: HTML entities decoded, NFKC, control and zero-width characters removed, white space
 * collapsed to single blanks. The joiner inside emoji and the tags of flags stay.
 * @param fullWidth whether full-width forms (，！Ａ) are folded, as NFKC has it, or kept
 */
export function normalise(text: string, fullWidth: FullWidth = 'fold'): string {
  if (isPlain(text)) return text
  let clean = text.includes('&') ? decodeHTMLStrict(text) : text
  if (beyondAscii.test(clean)) {
    clean =
      fullWidth === 'keep'
        ? clean.replace(notFullWidth, (part) => part.normalize('NFKC'))
        : clean.normalize('NFKC')
    clean = clean.replace(stray, '')
  }
  return clean.replace(invisible, '').replace(whiteSpace, ' ').trim()
}

/** Treats links, mentions and emoji as told. Blanks that this leaves behind are collapsed. */
export function redact(text: string, urls: Treatment, mentions: Treatment, emoji: Treatment): string {
  let redacted = text
  if (urls !== 'keep' && (text.includes('://') || text.includes('www.')))
    redacted = redacted.replace(url, urls === 'remove' ? ' ' : ' <url> ')
  if (mentions !== 'keep' && text.includes('@'))
    redacted = redacted.replace(mention, mentions === 'remove' ? ' ' : ' <user> ')
  if (emoji !== 'keep' && beyondAscii.test(text))
    redacted = redacted.replace(pictograph, emoji === 'remove' ? ' ' : ' <emoji> ')
  return redacted === text ? text : redacted.replace(whiteSpace, ' ').trim()
}

/** Cuts a text to at most `maxLength` UTF-16 units, between two graphemes (or, within a giant one, characters). */
export function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  const near = text.slice(0, maxLength + 64)
  const end = graphemes.segment(near).containing(maxLength)?.index || characterStart(text, maxLength)
  return text.slice(0, end).trimEnd()
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

const beyondAscii = /[^\0-\x7f]/
const whiteSpace = /[\s\u0085]+/g
/** Controls and formats, but for white space, the joiner of emoji and the tags of flags. */
const invisible = /(?!\u200d|[\s\u0085\u{e0020}-\u{e007f}])[\p{Cc}\p{Cf}]|\ufeff/gu
/** A joiner that does not stand between two pictographs, and tags that don't follow a black flag. */
const stray =
  /(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}]\ufe0f?)\u200d|\u200d(?!\p{Extended_Pictographic})|(?<!\u{1f3f4}[\u{e0020}-\u{e007f}]*)[\u{e0020}-\u{e007f}]/gu
const notFullWidth = /[^\uff01-\uff60\uffe0-\uffe6]+/g

const url = /(?:https?:\/\/|www\.)[^\s<>"'，。！？、；）】》]+/gi
/** Not what follows an @ inside an e-mail address. */
const mention = /(?<![\w.+-])@[\p{L}\p{N}_]+/gu
const pictograph = new RegExp(
  '(?:\\p{Regional_Indicator}{2}|[0-9#*]\\ufe0f?\\u20e3|' +
    '\\p{Extended_Pictographic}[\\p{Emoji_Modifier}\\ufe0f\\u{e0020}-\\u{e007f}]*' +
    '(?:\\u200d\\p{Extended_Pictographic}[\\p{Emoji_Modifier}\\ufe0f]*)*)+',
  'gu',
)

/** Printable ASCII without entities, no blank at an end and no two together: nothing to do. */
function isPlain(text: string): boolean {
  let previous = 0x20
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 0x20 || code > 0x7e || code === 0x26) return false
    if (code === 0x20 && previous === 0x20) return false
    previous = code
  }
  return previous !== 0x20
}

/** The last place at or before `index` that does not divide a surrogate pair. */
function characterStart(text: string, index: number): number {
  const code = text.charCodeAt(index)
  return code >= 0xdc00 && code <= 0xdfff ? index - 1 : index
}
