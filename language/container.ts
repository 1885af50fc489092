import { createHash } from 'node:crypto'

/** A kind of file: how it begins, and what to say of one that is wrong. */
export interface Format {
  readonly magic: number
  readonly version: number
  /** As in "is not …". */
  readonly what: string
  readonly remedy: string
}

const digestStart = 8
const prefix = digestStart + 32

const digestOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

/** Magic, version, SHA-256 of all that follows it: length of the header in bytes, header as JSON, arrays of 32-bit numbers. */
export function encodeContainer(
  { magic, version }: Format,
  header: unknown,
  arrays: readonly (Float32Array | Uint32Array | Int32Array)[],
): Buffer {
  const json = Buffer.from(JSON.stringify(header))
  const parts = arrays.map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  )
  const body = Buffer.concat([wordsOf(json.length), json, ...parts])
  return Buffer.concat([wordsOf(magic, version), digestOf(body), body])
}

/**
 * @returns the header, and the arrays back to back, aligned, so that typed arrays can be views of them
 * @throws naming the file and what to do: for another kind of file, another version, a damaged one
 */
export function decodeContainer<Header>(
  { magic, version, what, remedy }: Format,
  bytes: Buffer,
  name: string,
): { readonly header: Header; readonly body: ArrayBuffer } {
  if (bytes.length < digestStart || bytes.readUInt32LE(0) !== magic)
    throw new Error(`${name} is not ${what}; ${remedy}`)
  const found = bytes.readUInt32LE(4)
  if (found !== version)
    throw new Error(
      `${name} has format ${found}, this Murmur reads format ${version}; use the version of Murmur that made it, or ${remedy}`,
    )
  const body = bytes.subarray(prefix)
  if (!digestOf(body).equals(bytes.subarray(digestStart, prefix)))
    throw new Error(`${name} is damaged (${bytes.length} bytes); ${remedy}`)
  const headerEnd = 4 + body.readUInt32LE(0)
  const header = JSON.parse(body.toString('utf8', 4, headerEnd)) as Header
  return { header, body: Uint8Array.from(body.subarray(headerEnd)).buffer }
}

function wordsOf(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index)
  return bytes
}
