import type { Encoder } from '../encoder/encoder.ts'
import type { Matrix } from '../heads/products.ts'

/** The vectors of texts, a text a row. */
export type Vectors = (texts: readonly string[]) => Promise<Matrix>

/** What an encoder makes of texts; of each one once, however often it is asked for. */
export function vectorsBy(encoder: Encoder): Vectors {
  const { dimensions } = encoder.manifest
  const known = new Map<string, Float32Array>()
  return async (texts) => {
    const open = [...new Set(texts)].filter((text) => !known.has(text))
    const found = await encoder.encode(open)
    for (const [at, text] of open.entries())
      known.set(text, found.subarray(at * dimensions, (at + 1) * dimensions))
    const values = new Float32Array(texts.length * dimensions)
    for (const [row, text] of texts.entries()) values.set(known.get(text)!, row * dimensions)
    return { rows: texts.length, columns: dimensions, values }
  }
}
