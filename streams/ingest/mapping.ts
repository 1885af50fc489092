import { hash } from 'node:crypto'
import { closest } from 'fastest-levenshtein'
import { ConnectorError } from '../../connectors/errors.ts'
import type { Fields, Row } from '../../connectors/sources/source.ts'
import type { Utterance } from '../../schemas/generated/events.ts'
import { attribute, attributes, Misfit, media, name, occurredAt, role, text } from './values.ts'

/** How rows become utterances. */
export interface Mapping {
  /** The columns that the pairs name. */
  readonly columns: readonly string[]
  /** Makes an utterance of a row, or says what is wrong with the row: field, value and remedy. */
  utteranceOf(row: Row, defaults: Defaults): Utterance | string
}

export interface MappingContext {
  /** Id of the source: ids of utterances are made from it. */
  readonly source: string
  /** Where the pairs were written: errors name it. Default: --map */
  readonly option?: string
}

/** What holds of a row that doesn't say. */
interface Defaults {
  /** In milliseconds since the epoch. */
  readonly occurredAt: number
  /** Undefined: the user's, or else one of its own. */
  readonly conversation?: string | undefined
}

/** Reads a field's value from a row; undefined or null where there is none. */
type Getter = (fields: Fields) => unknown

const fieldNames = [
  'id',
  'conversation',
  'user',
  'channel',
  'role',
  'text',
  'media',
  'languageHint',
  'occurredAt',
  'attributes',
]

/** Where the text is looked for when no pair says so. */
const textColumns = ['text', 'content', 'message', 'body', 'review']
const attributePrefix = 'attributes.'

/**
 * Compiles pairs into a mapping.
 * - `field=column`: the field comes from that column. A dot leads into a nested object: `user=author.name`.
 * - `field='constant'`: the field is that text in every row.
 * - `field=`: the field is left to its default, whatever columns there are.
 *
 * A field that no pair names comes from the column of its name; the text also from `content`, `message`, `body`
 * or `review`. Where there is no value: the id is a hash of source, place and text, the conversation is the
 * user's or else the utterance's id, the channel is `import`, the role `user`; time, and conversation, may have
 * defaults of the row's own.
 * @throws SOURCE_INVALID where a pair can't be understood
 */
export function compileMapping(
  pairs: readonly string[],
  { source, option = '--map' }: MappingContext,
): Mapping {
  const { getters, columns } = parsePairs(pairs, option)
  const get = (field: string): Getter => getters.get(field) ?? ((fields) => fields[field])
  const [id, conversation, user, channel] = [get('id'), get('conversation'), get('user'), get('channel')]
  const [roleOf, mediaOf, hint, time] = [get('role'), get('media'), get('languageHint'), get('occurredAt')]
  const textOf = getters.get('text') ?? firstOf(textColumns)
  const attributesOf = attributesGetter(getters, get('attributes'))

  function make({ at, fields }: Row, defaults: Defaults): Utterance {
    const said = text(textOf(fields))
    const who = name('user', user(fields)) ?? null
    const unique = name('id', id(fields)) ?? contentId(source, at, said)
    return {
      id: unique,
      conversation:
        name('conversation', conversation(fields)) ??
        name('conversation', defaults.conversation) ??
        who ??
        unique,
      user: who,
      channel: name('channel', channel(fields)) ?? 'import',
      role: role(roleOf(fields)),
      text: said,
      media: media(mediaOf(fields)),
      languageHint: name('languageHint', hint(fields)) ?? null,
      occurredAt: occurredAt(time(fields), defaults.occurredAt),
      attributes: attributesOf(fields),
    }
  }

  return {
    columns,
    utteranceOf(row, defaults) {
      try {
        return make(row, defaults)
      } catch (error) {
        if (error instanceof Misfit) return error.message
        throw error
      }
    },
  }
}

/** 96 bits of a SHA-1: the same for the same text at the same place of the same source. */
export const contentId = (source: string, at: string, content: string): string =>
  hash('sha1', `${source}\n${at}\n${content}`, 'hex').slice(0, 24)

function parsePairs(pairs: readonly string[], option: string) {
  const invalid = (pair: string, problem: string) =>
    new ConnectorError('SOURCE_INVALID', `${option} "${pair}" ${problem}`)
  const getters = new Map<string, Getter>()
  const columns: string[] = []
  for (const pair of pairs) {
    const [, field = '', quoted, column = ''] = /^([^=]+)=(?:'(.*)'|(.*))$/s.exec(pair) ?? []
    if (field === '') throw invalid(pair, "is not a pair; write field=column or field='constant'")
    if (!fieldNames.includes(field) && !(field.startsWith(attributePrefix) && field !== attributePrefix))
      throw invalid(
        pair,
        `names no field of an utterance: did you mean "${closest(field, fieldNames)}"? There are ${fieldNames.join(', ')} and attributes.NAME`,
      )
    if (getters.has(field)) throw invalid(pair, `maps "${field}" a second time; leave one out`)
    if (column !== '') columns.push(column)
    getters.set(field, quoted === undefined ? columnGetter(column) : () => quoted)
  }
  return { getters, columns }
}

/** The value of a column, by its whole name or, where there is none, by its path. */
export function columnGetter(column: string): Getter {
  if (column === '') return () => undefined
  if (!column.includes('.')) return (fields) => fields[column]
  const path = column.split('.')
  return (fields) =>
    fields[column] ??
    path.reduce<unknown>((value, key) => (value as Fields | undefined | null)?.[key], fields)
}

const firstOf =
  (columns: readonly string[]): Getter =>
  (fields) => {
    for (const column of columns) if (fields[column] !== undefined) return fields[column]
    return undefined
  }

function attributesGetter(
  getters: ReadonlyMap<string, Getter>,
  whole: Getter,
): (fields: Fields) => Record<string, string> {
  const named = [...getters]
    .filter(([field]) => field.startsWith(attributePrefix))
    .map(([field, get]) => [field.slice(attributePrefix.length), get] as const)
  return (fields) => {
    const made = attributes(whole(fields))
    for (const [key, get] of named) {
      const value = attribute(get(fields))
      if (value !== undefined) made[key] = value
    }
    return made
  }
}
