import { isUtf8 } from 'node:buffer'
import type { Codec } from './codec.ts'

/**
 * Values as plain JSON in UTF-8, without any header: what most programs put on a topic.
 * @param validate makes a value of the type of what was parsed, or throws; it need not copy. Without one, whatever
 * parses is taken
 */
export function jsonCodec<T>(validate: (value: unknown) => T = (value) => value as T): Codec<T> {
  return {
    encode(value, buffer, position) {
      const text = JSON.stringify(value)
      const room = buffer.length - position
      // A UTF-16 unit takes at most three bytes: most values need not be measured
      if (text.length * 3 > room) {
        const bytes = Buffer.byteLength(text)
        if (bytes > room) return room - bytes
      }
      return position + buffer.write(text, position)
    },
    decode(buffer, start, end) {
      return validate(JSON.parse(textOf(buffer, start, end)))
    },
    problem(value) {
      try {
        validate(value)
        return JSON.stringify(value) === undefined ? `${typeof value} is nothing that JSON holds` : undefined
      } catch (error) {
        return (error as Error).message
      }
    },
  }
}

/** @throws RangeError where the bytes are not UTF-8 */
export function textOf(buffer: Buffer, start: number, end: number): string {
  const text = buffer.toString('utf8', start, end)
  // Broken bytes become U+FFFD, which a text may also hold in earnest
  if (text.includes('\uFFFD') && !isUtf8(buffer.subarray(start, end)))
    throw new RangeError('the bytes are not UTF-8')
  return text
}
