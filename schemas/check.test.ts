import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { firstUserId } from './catalogue.ts'
import { accept, check, describe, list } from './check.ts'
import { type RecordSchema, readHistory, readSchema, schemaFolder } from './files.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'murmur-history-'))
  cpSync(schemaFolder(), folder, { recursive: true })
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Edits the reply's schema, as a developer would. */
const change = (fields: (fields: RecordSchema['fields']) => RecordSchema['fields']) => {
  const schema = readSchema(folder, 'reply')
  const text = JSON.stringify({ ...schema, fields: fields(schema.fields) })
  writeFileSync(join(folder, 'reply.avsc'), text)
}
const added = (name: string, more: object = {}) => ({ name, type: 'string', doc: 'added', ...more })
/** The id that the next version gets. */
const nextId = () => Math.max(...list(folder).map(({ id }) => id)) + 1
const reply = () => check(folder).find(({ event }) => event === 'reply')

test('the committed schemas are the newest of their history', () =>
  expect(check().map(describe)).toEqual(check().map(({ event }) => `${event}: committed`)))

test('a field with a default may come, and is accepted as the next version', () => {
  change((fields) => [...fields, added('tone', { default: '' })])
  expect(reply()).toMatchObject({ state: 'new', version: 1, remedy: 'murmur schemas check --accept' })
  const id = nextId()
  expect(accept(folder)).toMatchObject([{ event: 'reply', version: 2, id }])
  expect(reply()).toMatchObject({ state: 'committed', version: 2 })
  expect(readHistory(folder, 'reply').map(({ version, id }) => [version, id])).toEqual([
    [1, 6],
    [2, id],
  ])
})

test('a field without a default is refused by field and rule, and nothing is accepted', () => {
  change((fields) => [...fields, added('tone')])
  const report = reply()
  expect(report).toMatchObject({ state: 'incompatible', version: 1 })
  expect(report && describe(report)).toContain(
    'backward with version 1: READER_FIELD_MISSING_DEFAULT_VALUE at /fields/tone',
  )
  expect(() => accept(folder)).toThrow('/fields/tone')
  expect(existsSync(join(folder, 'history', 'reply', '2.avsc'))).toBe(false)
})

test('all versions count, not only the newest', () => {
  change((fields) => [...fields, added('tone', { default: '' })])
  accept(folder)
  change((fields) =>
    fields.map((field) => (field.name === 'tone' ? { ...field, type: 'int', default: 0 } : field)),
  )
  expect(reply()?.incompatibilities.map(({ version, rule }) => [version, rule])).toContainEqual([
    2,
    'TYPE_MISMATCH',
  ])
  change((fields) => fields.filter(({ name }) => name !== 'tone'))
  expect(reply()?.state).toBe('new')
})

test('an event without a history starts one', () => {
  const id = nextId()
  rmSync(join(folder, 'history', 'alert'), { recursive: true })
  expect(accept(folder)).toMatchObject([{ event: 'alert', version: 1, id }])
})

test('an id that is missing is said', () => {
  writeFileSync(join(folder, 'history', 'ids.json'), '{}')
  expect(() => readHistory(folder, 'reply')).toThrow('history/ids.json has no id for reply/1')
})

test('every version has an id of its own, below those of users', () => {
  const ids = Object.values<number>(JSON.parse(readFileSync(join(folder, 'history', 'ids.json'), 'utf8')))
  expect(new Set(ids).size).toBe(ids.length)
  expect(Math.max(...ids)).toBeLessThan(firstUserId)
})

test('the list has the newest version of each', () =>
  expect(list(folder)).toContainEqual(
    expect.objectContaining({
      event: 'reply',
      topic: 'replies',
      subject: 'replies-value',
      version: 1,
      id: 6,
      fields: 11,
    }),
  ))
