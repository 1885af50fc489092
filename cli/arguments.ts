import { InvalidArgumentError } from 'commander'
import { closest } from 'fastest-levenshtein'

/** @throws where an option's text is not a whole number, such as a count or a port */
export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('Write a whole number.')
  return Number(text)
}

/** @throws where an option's text is not a number above 0, such as a rate */
export function positiveNumber(text: string): number {
  const number = Number(text)
  if (!(number > 0 && number < Number.POSITIVE_INFINITY))
    throw new InvalidArgumentError('Write a number above 0.')
  return number
}

/** What to say of a name that isn't there, so that the next attempt succeeds. */
export const didYouMean = (name: string, names: readonly string[]): string =>
  `did you mean "${closest(name, names)}"? There are ${names.join(', ')}`
