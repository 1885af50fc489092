import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { catalogue, chain, type EventName, eventNames } from './catalogue.ts'
import { readSchema, schemaFolder } from './files.ts'
import { drifted, generate, run } from './generate.ts'
import { utteranceSchema } from './generated/events.ts'
import { startsWith, typescript } from './generators/typescript.ts'
import { packageRoot } from './root.ts'
import { topics } from './topics.ts'

let root = ''
let folder = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'murmur-schemas-'))
  folder = join(root, 'schemas')
  cpSync(schemaFolder(), folder, { recursive: true })
  cpSync(join(packageRoot(), 'package.json'), join(root, 'package.json'))
})
afterEach(() => rmSync(root, { recursive: true }))

const edit = (file: string, from: string, to: string) =>
  writeFileSync(join(folder, file), readFileSync(join(folder, file), 'utf8').replace(from, to))

test('the committed files are what the schemas give', () => expect(drifted()).toEqual([]))

test('the same schemas give the same text', () => expect(generate(folder)).toEqual(generate()))

test('each event of the chain starts with exactly the fields of the one before', () => {
  const schemas = chain.map((event) => readSchema(folder, event))
  for (const [index, schema] of schemas.slice(1).entries())
    expect(startsWith(schema, schemas[index] as typeof schema), schema.name).toBe(true)
})

test('every event has its topic', () => {
  expect(topics.map(({ name }) => name)).toEqual(Object.values(catalogue))
  for (const [index, event] of eventNames.entries())
    expect(topics[index]?.codec.schema).toEqual(readSchema(folder, event))
})

describe('drift', () => {
  const check = (args: readonly string[]) => {
    const lines: string[] = []
    const code = run(args, folder, (line) => lines.push(line))
    return { code, lines }
  }

  test('is named file by file, with the command that mends it', () => {
    edit('utterance.avsc', 'What somebody said', 'What a person said')
    expect(check(['--check'])).toEqual({
      code: 1,
      lines: ['events.ts', 'history.ts', 'asyncapi.yaml'].map(
        (file) => `schemas/generated/${file} is not what the schemas give: run \`npm run generate\``,
      ),
    })
  })

  test('is mended by a run without --check', () => {
    rmSync(join(folder, 'generated', 'clickhouse.ts'))
    expect(check([])).toEqual({ code: 0, lines: ['generated clickhouse.ts'] })
    expect(check(['--check'])).toEqual({ code: 0, lines: [] })
    expect(check([])).toEqual({ code: 0, lines: ['nothing to generate'] })
  })
})

describe('TypeScript', () => {
  test('has the schema itself as a constant', () =>
    expect(utteranceSchema).toEqual(readSchema(folder, 'utterance')))

  const event = (type: unknown) =>
    typescript([
      ['alert', { type: 'record', name: 'A', namespace: 'n', doc: 'd', fields: [field(type)] }],
    ] as const)
  const field = (type: unknown) => ({ name: 'f', type: type as string, doc: 'd' })

  test.each([
    [['null', 'string'], 'null | string'],
    [{ type: 'array', items: ['null', 'int'] }, 'readonly (null | number)[]'],
    [{ type: 'map', values: 'bytes' }, 'Readonly<Record<string, Buffer>>'],
    [{ type: 'long', logicalType: 'timestamp-millis' }, 'number'],
    [{ type: 'enum', name: 'E', symbols: ['a'] }, 'E'],
    ['boolean', 'boolean'],
  ])('writes %j as %s', (type, text) => expect(event(type)).toContain(`readonly f: ${text}\n`))

  test('refuses a name that means two things', () => {
    const two = ['x', 'y'].map((symbol) => ({
      type: 'record' as const,
      name: symbol,
      namespace: 'n',
      doc: 'd',
      fields: [{ name: symbol, type: { type: 'enum', name: 'E', symbols: [symbol] }, doc: 'd' }],
    }))
    const [first, second] = two as [(typeof two)[0], (typeof two)[0]]
    const events = [
      ['reply', first],
      ['alert', second],
    ] as const satisfies [EventName, typeof first][]
    expect(() => typescript(events)).toThrow('"E" is defined in two ways')
  })
})

test('AsyncAPI has a channel a topic, with the Avro schema of its messages', () => {
  const api = parse(generate(folder).get('asyncapi.yaml') as string)
  expect(Object.keys(api.channels)).toEqual(Object.values(catalogue))
  expect(api.components.messages.Utterance.payload.schema).toEqual(readSchema(folder, 'utterance'))
  expect(api.operations.receiveUtterance.channel.$ref).toBe('#/channels/utterances')
})

test('an unknown type for a column names the field', () => {
  edit('alert.avsc', '"double"', '["null", "double"]')
  expect(() => generate(folder)).toThrow('field "value": no column type for ["null","double"]')
})
