import { join } from 'node:path'
import { z } from 'zod'
import type { LanguageSettings } from '../language/language.ts'
import { normalisations } from '../language/signals/normalise.ts'
import { mostPattern, slotPattern } from '../language/signals/patterns.ts'
import { foldTerm } from '../language/signals/terms.ts'

/** A word or phrase to look for. */
const term = z
  .string()
  .refine((text) => foldTerm(text).replace('*', '').trim() !== '', 'write a word or a phrase, not nothing')

const slotSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z]\w{0,63}$/, 'write letters, digits and "_", a letter first: conditions name it')
      .describe('The slot; a built-in one of that name gives way'),
    pattern: z.string().min(1).max(mostPattern).optional().describe("What it looks like, in RE2's syntax"),
    group: z
      .number()
      .int()
      .min(0)
      .optional()
      .describe('Group of the pattern that is the value; the first one, or else the whole, unless told'),
    normalise: z
      .enum(normalisations)
      .optional()
      .describe('How a value that the pattern found is written; as it was found, unless told'),
    list: z
      .record(z.string().min(1), z.array(term))
      .optional()
      .describe('By value the words that stand for it, in whatever language; in place of a pattern'),
  })
  .superRefine((slot, context) => {
    const fault = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    const { pattern, group, normalise, list } = slot
    if ((pattern === undefined) === (list === undefined))
      return fault(list ? 'list' : 'pattern', 'a slot has a pattern or a list: write one of them')
    if (list) {
      if (group !== undefined) fault('group', 'only a pattern has groups: leave it out')
      if (normalise !== undefined) fault('normalise', 'a list has its values as they are: leave it out')
      const twice = ambiguous(list)
      if (twice) fault('list', twice)
      return
    }
    try {
      slotPattern(pattern as string, group)
    } catch (error) {
      fault('pattern', (error as Error).message)
    }
  })

/** What is wrong with a list in which one term stands for two values. */
function ambiguous(list: Readonly<Record<string, readonly string[]>>): string | undefined {
  const values = new Map<string, string>()
  for (const [value, terms] of Object.entries(list))
    for (const one of [value, ...terms]) {
      const other = values.get(foldTerm(one))
      if (other !== undefined && other !== value)
        return `"${one}" stands for "${other}" and "${value}": keep one`
      values.set(foldTerm(one), value)
    }
  return undefined
}

export const slotsSchema = z
  .array(slotSchema)
  .default([])
  .superRefine((slots, context) => {
    for (const [index, { name }] of slots.entries())
      if (slots.findIndex((other) => other.name === name) < index)
        context.addIssue({
          code: 'custom',
          path: [index, 'name'],
          message: 'a slot above has that name: rename one',
        })
  })

export const aspectsSchema = z.record(z.string().min(1).max(64), z.array(term).min(1)).optional()

export const urgencySchema = z.record(term, z.number().min(0).max(1)).default({})

export const timezone = z
  .string()
  .default('UTC')
  .refine(isTimezone, 'write the name of a time zone, such as "Asia/Shanghai"')

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const fallbackIntent = z.string().max(128).default('')

const fallbackSchema = z
  .strictObject({
    outOfScope: fallbackIntent.describe('Intent of a text that fits none; empty: out_of_scope'),
    unsure: fallbackIntent.describe(
      'Intent of a text whose likeliest one is less likely than `below`; empty: the likeliest',
    ),
    below: z.number().min(0).max(1).default(0).describe('How likely an intent must be, not to be unsure'),
    ambiguous: fallbackIntent.describe(
      'Intent of a text with others within the margin; empty: the likeliest',
    ),
  })
  .prefault({})

export const languageSchema = z
  .strictObject({
    teaching: z
      .string()
      .default('')
      .describe(
        'Folder of `murmur language train`; empty: "language" in the data folder, and what ships until something is taught there',
      ),
    tier: z
      .enum(['cascade', 'bert', 'linear'])
      .default('cascade')
      .describe('Who answers: the linear tier where it is sure and the encoder else, or one of them alone'),
    margin: z
      .number()
      .min(0)
      .max(1)
      .default(0.15)
      .describe('Intents that are no further behind the likeliest are told of, as alternatives'),
    fallback: fallbackSchema.describe('What a text counts as whose intent is not clear'),
  })
  .prefault({})

/** The settings of what understands texts. */
export const languageSettings = ({
  data,
  language: { teaching, ...settings },
}: {
  readonly data: string
  readonly language: z.output<typeof languageSchema>
}): LanguageSettings => ({
  ...settings,
  folder: teaching === '' ? join(data, 'language') : teaching,
  orShipped: teaching === '',
})
