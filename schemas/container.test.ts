import { Readable } from 'node:stream'
import avro from 'avsc'
import { expect, test } from 'vitest'
import { type AvroSchema, codec } from './codec.ts'
import { containerFile, containerHeader } from './container.ts'

const schema = {
  type: 'record',
  name: 'Note',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'text', type: 'string' },
  ],
} as const satisfies AvroSchema

interface Note {
  readonly id: number
  readonly text: string
}

const notes = codec<Note>(schema)

function slices(values: readonly Note[]) {
  const data = Buffer.alloc(1 << 20)
  let end = 0
  return values.map((value) => {
    const start = end + 3 // what lies between the values must not get into the file
    end = notes.encode(value, data, start)
    return { data, start, end }
  })
}

async function read(file: Buffer): Promise<Note[]> {
  const found: Note[] = []
  for await (const value of Readable.from([file], { objectMode: false }).pipe(
    new avro.streams.BlockDecoder(),
  ))
    found.push({ ...(value as Note) })
  return found
}

test('any Avro reader reads the values back', async () => {
  const values = [
    { id: 1, text: 'one' },
    { id: -2, text: '二 👋' },
    { id: 3, text: '' },
  ]
  expect(await read(containerFile(schema, slices(values)))).toEqual(values)
})

test('counts and lengths of several bytes are written as Avro wants them', async () => {
  const values = Array.from({ length: 9000 }, (_, id) => ({ id, text: 'x'.repeat(id % 200) }))
  expect(await read(containerFile(schema, slices(values)))).toEqual(values)
})

test('no values make a file with a header only', async () => {
  const empty = containerFile(schema, [])
  expect(await read(empty)).toEqual([])
  expect(containerHeader(empty)).toEqual(empty)
})

test('the header is the same for every file of one schema, and so is the file for the same values', () => {
  const [one, two] = [slices([{ id: 1, text: 'a' }]), slices([{ id: 2, text: 'b' }])]
  expect(containerHeader(containerFile(schema, one))).toEqual(containerHeader(containerFile(schema, two)))
  expect(containerFile(schema, one)).toEqual(containerFile(schema, one))
})
