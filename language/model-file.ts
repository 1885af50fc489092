import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Lexicon } from './lexicon.ts'
import { columnsOf, type Head, type LinearModel, wordsPerRow } from './linear.ts'

/**
 * Magic "MLIN", version, SHA-256 of all that follows it: length of the header in bytes, header as JSON, and the
 * arrays of steps, biases, buckets and words. Numbers are 32-bit, little-endian.
 */
const magic = 0x4e494c4d
const version = 1
const digestStart = 8
const prefix = digestStart + 32

interface Header {
  readonly heads: readonly Head[]
  readonly lexicon: { readonly positive: readonly string[]; readonly negative: readonly string[] }
  readonly rows: number
}

const digestOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

const wordsOf = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index)
  return bytes
}

/** Where the build leaves the model that Murmur ships. */
export const shippedModel = new URL(
  import.meta.url.endsWith('.ts') ? '../dist/models/linear.bin' : '../models/linear.bin',
  import.meta.url,
)

/** The model as bytes: equal models give equal bytes. */
export function encodeModel({ heads, lexicon, bucketOfRow, words, steps, biases }: LinearModel): Buffer {
  const { positive, negative } = lexicon
  const header: Header = { heads, lexicon: { positive, negative }, rows: bucketOfRow.length }
  const json = Buffer.from(JSON.stringify(header))
  const arrays = [steps, biases, bucketOfRow, words].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  )
  const body = Buffer.concat([wordsOf(json.length), json, ...arrays])
  return Buffer.concat([wordsOf(magic, version), digestOf(body), body])
}

/** @throws where the bytes are no model, a damaged one, or one of a newer version */
export function decodeModel(bytes: Buffer, name = 'the model'): LinearModel {
  if (bytes.length < digestStart || bytes.readUInt32LE(0) !== magic)
    throw new Error(`${name} is not a Murmur model; run "npm run build" to train it anew`)
  const found = bytes.readUInt32LE(4)
  if (found !== version)
    throw new Error(
      `${name} has format ${found}, this Murmur reads format ${version}; use the version of Murmur that made it, or train it anew`,
    )
  const body = bytes.subarray(prefix)
  if (!digestOf(body).equals(bytes.subarray(digestStart, prefix)))
    throw new Error(`${name} is damaged (${bytes.length} bytes); run "npm run build" to train it anew`)
  const headerEnd = 4 + body.readUInt32LE(0)
  const { heads, lexicon, rows } = JSON.parse(body.toString('utf8', 4, headerEnd)) as Header
  // A copy begins at an aligned address, so that the arrays can be views of it.
  const { buffer } = Uint8Array.from(body.subarray(headerEnd))
  const columns = columnsOf(heads)
  const end = 8 * columns + 4 * rows
  return {
    heads,
    lexicon: new Lexicon(lexicon.positive, lexicon.negative),
    steps: new Float32Array(buffer, 0, columns),
    biases: new Float32Array(buffer, 4 * columns, columns),
    bucketOfRow: new Uint32Array(buffer, 8 * columns, rows),
    words: new Int32Array(buffer, end, rows * wordsPerRow(columns)),
  }
}

/** Returns the file's size in bytes. */
export function saveModel(model: LinearModel, file: string): number {
  const bytes = encodeModel(model)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, bytes)
  return bytes.length
}

/** @throws where the file is missing, no model, damaged, or of a newer version */
export const loadModel = (file: string | URL): LinearModel => decodeModel(readFileSync(file), String(file))
