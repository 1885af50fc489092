import { RE2JS } from 're2js'

/** Finds the value of a slot in a text: the last of its matches, as people correct themselves. */
export interface SlotPattern {
  last(text: string): string | undefined
}

/** How long a user's pattern may be, and how far and how often it is looked for in a text. */
export const mostPattern = 500
const mostText = 2000
const mostMatches = 16

/**
 * Compiles a pattern that somebody else wrote, in the syntax of RE2: whatever it is, and whatever the text, a match
 * takes time in proportion to the text (Cox, 2007). So no pattern can hang the stream; none can look around or back.
 * @param group the group that is the value; unless told the first one, or else the whole match
 * @throws where it can't be used, with what to write instead
 */
export function slotPattern(pattern: string, group?: number): SlotPattern {
  const compiled = compile(pattern)
  const groups = compiled.groupCount()
  const which = group ?? Math.min(1, groups)
  if (which > groups)
    throw new Error(
      `the pattern has ${groups} group${groups === 1 ? '' : 's'}: write a group from 0 to ${groups}`,
    )
  if (compiled.matches('')) throw new Error('the pattern matches nothing at all: write what must be there')

  return {
    last(text) {
      const matcher = compiled.matcher(text.slice(0, mostText))
      let found: string | undefined
      for (let matches = 0; matches < mostMatches && matcher.find(); matches++) {
        const value = matcher.group(which)
        if (value) found = value
      }
      return found
    },
  }
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    const reason = (error as Error).message.replace(/^error parsing regexp: /, '')
    throw new Error(`${reason}: write RE2's syntax, which looks neither ahead nor back`, { cause: error })
  }
}
