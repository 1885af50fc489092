import { softmax } from '../calibrate.ts'
import type { Example } from '../examples.ts'
import { marginsOf } from '../heads/dense.ts'
import { trainLogistic } from '../heads/logistic.ts'
import type { Product } from '../heads/products.ts'
import { highest } from '../linear.ts'
import { outOfScope } from '../tier.ts'
import type { Task } from '../trainer.ts'
import type { Vectors } from './vectors.ts'

/** So many times its own examples are lent to a head at most: more would drown them. */
const most = 2
/** What the encoder is less sure of is not lent. */
const sure = 0.8

/**
 * Every head is asked of every text, but taught with one kind: sentiment with posts, intents with requests. Of other kinds
 * the linear tier would seldom be sure. So it learns from what the encoder makes of the other heads' examples (Hinton et
 * al., "Distilling the knowledge in a neural network", 2015).
 * @param examples of the head, in the encoder's language
 * @param others texts in the same language
 * @returns some of the others, spread evenly, with the labels that the encoder gives them
 */
export async function lend(
  examples: readonly Example[],
  others: readonly string[],
  vectors: Vectors,
  product: Product,
): Promise<readonly Example[]> {
  const own = new Set(examples.map(({ text }) => text))
  const texts = spread(
    [...new Set(others)].filter((text) => !own.has(text)),
    most * examples.length,
  )
  const labels = [...new Set(examples.map(({ label }) => label))]
  const separators = await trainLogistic(
    {
      vectors: await vectors(examples.map(({ text }) => text)),
      labels: Int32Array.from(examples, ({ label }) => labels.indexOf(label)),
      classes: labels.length,
    },
    product,
  )
  const margins = await marginsOf(separators, await vectors(texts), product)
  return texts.flatMap((text, at) => {
    const [from, to] = [at * labels.length, (at + 1) * labels.length]
    softmax(margins, from, to, { sharpness: 1 })
    const best = highest(margins, from, to)
    return margins[best]! < sure ? [] : [{ text, label: labels[best - from]! }]
  })
}

/** Whether others' texts can be told from a head's own: what fits no intent must have examples. */
export const borrows = ({ name, examples }: Task): boolean =>
  name !== 'intent' || examples.some(({ label }) => label === outOfScope)

/** So many of them at most, at even distances. */
function spread<T>(all: readonly T[], count: number): readonly T[] {
  const stride = Math.max(1, all.length / count)
  return Array.from({ length: Math.floor(all.length / stride) }, (_, at) => all[Math.floor(at * stride)]!)
}
