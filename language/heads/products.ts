import { loadRuntime, openSession } from '../encoder/runtime.ts'

/** A matrix of 32-bit numbers, row after row. */
export interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly values: Float32Array
}

export type Product = (a: Matrix, b: Matrix) => Promise<Matrix>

/** An ONNX graph that says c = MatMul(a, b), written by ONNX's own library: its kernels beat any loop of ours by far. */
const graph =
  'CAg6WwoRCgFhCgFiEgFjIgZNYXRNdWwSAWdaFQoBYRIQCg4IARIKCgMSAW0KAxIBa1oVCgFiEhAKDggBEgoKAxIBawoDEgFuYhUKAWMSEAoOCAESCgoDEgFtCgMSAW5CBAoAEBE='

let opened: Promise<Product> | undefined

/** Opens the product of matrices, once a process. @throws where ONNX Runtime can't be loaded */
export function matrixProduct(): Promise<Product> {
  opened ??= open().catch((error) => {
    opened = undefined
    throw error
  })
  return opened
}

async function open(): Promise<Product> {
  const runtime = await loadRuntime()
  const session = await openSession(runtime, Buffer.from(graph, 'base64'))
  const tensor = ({ values, rows, columns }: Matrix) => new runtime.Tensor('float32', values, [rows, columns])
  return async (a, b) => {
    const { c } = await session.run({ a: tensor(a), b: tensor(b) })
    return { rows: a.rows, columns: b.columns, values: c?.data as Float32Array }
  }
}

export function transposed({ rows, columns, values }: Matrix): Matrix {
  const turned = new Float32Array(values.length)
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) turned[c * rows + r] = values[r * columns + c] as number
  return { rows: columns, columns: rows, values: turned }
}

/** Some of the rows, in the order asked for. */
export function rowsOf({ columns, values }: Matrix, chosen: readonly number[]): Matrix {
  const picked = new Float32Array(chosen.length * columns)
  for (const [at, row] of chosen.entries())
    picked.set(values.subarray(row * columns, (row + 1) * columns), at * columns)
  return { rows: chosen.length, columns, values: picked }
}
