import { decodeContainer, encodeContainer } from '../container.ts'
import type { DenseHead, DenseModel, References } from './dense.ts'

const format = {
  magic: 0x4453524d,
  version: 1,
  what: 'a file of Murmur heads',
  remedy: 'teach it again with "murmur language train"',
} as const

interface StoredHead extends Omit<DenseHead, 'weights' | 'biases' | 'references'> {
  readonly references: Omit<References, 'vectors'> | undefined
}

interface Header extends Omit<DenseModel, 'heads'> {
  readonly heads: readonly StoredHead[]
}

/** The heads as bytes: equal heads give equal bytes. */
export function encodeHeads({ heads, ...model }: DenseModel): Buffer {
  const stored = heads.map(
    ({ weights: _weights, biases: _biases, references, ...head }): StoredHead => ({
      ...head,
      references: references && { texts: references.texts, labels: references.labels },
    }),
  )
  const arrays = heads.flatMap(({ weights, biases, references }) => [
    weights,
    biases,
    references?.vectors.values ?? new Float32Array(0),
  ])
  return encodeContainer(format, { ...model, heads: stored } satisfies Header, arrays)
}

/**
 * @param encoder version of the encoder that the vectors will come from
 * @throws where the bytes are no heads, damaged, of another version, or fitted on another encoder
 */
export function decodeHeads(bytes: Buffer, encoder: string, name = 'the heads'): DenseModel {
  const { header, body } = decodeContainer<Header>(format, bytes, name)
  if (header.encoder !== encoder)
    throw new Error(
      `${name} belongs to version ${header.encoder} of the encoder for "${header.language}", this one is ${encoder}; ${format.remedy}`,
    )
  const { dimensions } = header
  let at = 0
  const take = (count: number): Float32Array => {
    const values = new Float32Array(body, at, count)
    at += 4 * count
    return values
  }
  const withVectors = (references: Omit<References, 'vectors'>): References => {
    const columns = references.texts.length
    return { ...references, vectors: { rows: dimensions, columns, values: take(dimensions * columns) } }
  }
  const heads = header.heads.map(({ references, ...head }): DenseHead => {
    const labels = head.labels.length
    return {
      ...head,
      weights: take(dimensions * labels),
      biases: take(labels),
      references: references && withVectors(references),
    }
  })
  return { ...header, heads }
}
