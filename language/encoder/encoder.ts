import type { InferenceSession } from 'onnxruntime-node'
import { type Manifest, readEncoder } from './manifest.ts'
import { loadRuntime, openSession, type Runtime } from './runtime.ts'
import { type Tokeniser, wordPiece } from './wordpiece.ts'

/** Texts of one language to vectors. */
export interface Encoder {
  readonly manifest: Manifest
  /**
   * The vectors of the texts, back to back, in order: `texts.length` × `manifest.dimensions`, each of length 1. Calls that
   * overlap follow each other.
   */
  encode(texts: readonly string[]): Promise<Float32Array>
  close(): Promise<void>
}

/** A batch costs what its longest text does, times its number of texts: bounded, so that memory is, too. */
const batchTexts = 64
const batchTokens = 2048

/**
 * Opens the encoder in a folder, such as models/en.
 * @param threads more than one are for who has many texts and no other work for the cores
 * @throws where a file is missing or damaged, or ONNX Runtime can't be loaded
 */
export async function openEncoder(folder: string, threads = 1): Promise<Encoder> {
  const { manifest, graph, vocabulary } = readEncoder(folder)
  const runtime = await loadRuntime()
  const session = await openSession(runtime, graph, threads)
  const tokeniser = wordPiece(vocabulary)
  let before: Promise<unknown> = Promise.resolve()
  return {
    manifest,
    encode(texts) {
      const made = before.then(() => encode({ runtime, session, tokeniser, manifest }, texts))
      before = made.catch(() => {})
      return made
    },
    async close() {
      await before
      await session.release()
    },
  }
}

interface Parts {
  readonly runtime: Runtime
  readonly session: InferenceSession
  readonly tokeniser: Tokeniser
  readonly manifest: Manifest
}

async function encode(parts: Parts, texts: readonly string[]): Promise<Float32Array> {
  const { dimensions } = parts.manifest
  const vectors = new Float32Array(texts.length * dimensions)
  const { ids, starts } = tokenise(parts, texts)
  const lengthOf = (text: number): number => (starts[text + 1] as number) - (starts[text] as number)
  const order = Uint32Array.from(texts.keys()).sort((a, b) => lengthOf(a) - lengthOf(b))
  for (let from = 0; from < order.length; ) {
    let to = from + 1
    while (
      to < order.length &&
      to - from < batchTexts &&
      (to - from + 1) * lengthOf(order[to] as number) <= batchTokens
    )
      to++
    const chosen = order.subarray(from, to)
    const found = await run(parts, ids, starts, chosen, lengthOf(order[to - 1] as number))
    for (const [row, text] of chosen.entries())
      vectors.set(found.subarray(row * dimensions, (row + 1) * dimensions), text * dimensions)
    from = to
  }
  return vectors
}

/** The ids of all texts, back to back; those of text i lie between `starts[i]` and `starts[i + 1]`. */
function tokenise({ tokeniser, manifest }: Parts, texts: readonly string[]) {
  const starts = new Uint32Array(texts.length + 1)
  const one = new Int32Array(manifest.maxTokens)
  let ids = new Int32Array(texts.length * 24 + manifest.maxTokens)
  let end = 0
  for (const [index, text] of texts.entries()) {
    const count = tokeniser.write(text, one)
    if (end + count > ids.length) {
      const larger = new Int32Array(2 * ids.length)
      larger.set(ids)
      ids = larger
    }
    ids.set(one.subarray(0, count), end)
    end += count
    starts[index + 1] = end
  }
  return { ids, starts }
}

async function run(
  { runtime: { Tensor }, session }: Parts,
  ids: Int32Array,
  starts: Uint32Array,
  chosen: Uint32Array,
  length: number,
): Promise<Float32Array> {
  const shape = [chosen.length, length]
  const tokens = new BigInt64Array(chosen.length * length)
  const mask = new BigInt64Array(chosen.length * length)
  for (const [row, text] of chosen.entries()) {
    const [start, end] = [starts[text] as number, starts[text + 1] as number]
    for (let i = start; i < end; i++) tokens[row * length + i - start] = BigInt(ids[i] as number)
    mask.fill(1n, row * length, row * length + end - start)
  }
  const { embedding } = await session.run({
    input_ids: new Tensor('int64', tokens, shape),
    attention_mask: new Tensor('int64', mask, shape),
  })
  if (!embedding) throw new Error('the encoder has no output "embedding"; it is none of Murmur')
  return embedding.data as Float32Array
}
