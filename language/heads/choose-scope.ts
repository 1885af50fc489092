import { type Measure, measured, measures, type Scope, type Spread } from './scope.ts'

/** A text that the head was not trained on. */
export interface Sighting {
  readonly margins: Float64Array
  readonly neighbour: number
  readonly inScope: boolean
}

/** Without any text out of scope to learn from, so many of those in scope are given up. */
const givenUp = 0.05

/** Chooses the measure that best tells texts in scope from others, and fits its probability. */
export function chooseScope(sightings: readonly Sighting[], backgroundShare: number): Scope {
  const known = sightings.filter(({ inScope }) => inScope)
  const strangers = sightings.filter(({ inScope }) => !inScope)
  const spread = [
    spreadOf(known.map(({ margins }) => margins.reduce((top, one) => Math.max(top, one), -Infinity))),
    spreadOf(known.map(({ neighbour }) => neighbour)),
  ] as const
  const valuesOf = (measure: Measure, some: readonly Sighting[]) =>
    some.map(({ margins, neighbour }) => measured(measure, margins, neighbour, spread))
  if (strangers.length < 20) return { ...careful(valuesOf('both', known)), measure: 'both', spread }
  const rated = measures.map((measure) => {
    const [inside, outside] = [valuesOf(measure, known), valuesOf(measure, strangers)]
    return { measure, inside, outside, area: areaUnderCurve(inside, outside) }
  })
  const best = rated.reduce((most, one) => (one.area > most.area ? one : most))
  return { ...fitted(best.inside, best.outside, backgroundShare), measure: best.measure, spread }
}

function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length)
  return { mean, deviation: Math.sqrt(square) || 1 }
}

/** Even where the given-up texts end; nearly sure at the median. */
function careful(values: readonly number[]): { slope: number; middle: number } {
  const sorted = Float64Array.from(values).sort()
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0
  const middle = at(givenUp)
  return { middle, slope: Math.log(99) / Math.max(1e-6, at(0.5) - middle) }
}

/** How often a text in scope has the larger value than one out of it: 0.5 to 1 for a measure that is any good. */
export function areaUnderCurve(inside: readonly number[], outside: readonly number[]): number {
  const all = [
    ...inside.map((value) => ({ value, known: 1 })),
    ...outside.map((value) => ({ value, known: 0 })),
  ]
  all.sort((a, b) => a.value - b.value)
  let [below, pairs] = [0, 0]
  for (const { known } of all) {
    if (known) pairs += below
    else below++
  }
  return pairs / (inside.length * outside.length)
}

/** A logistic curve of one value, by Newton's method; both kinds weigh what they are expected to be of all texts. */
function fitted(
  inside: readonly number[],
  outside: readonly number[],
  share: number,
): { slope: number; middle: number } {
  const { mean, deviation } = spreadOf([...inside, ...outside])
  const points = [
    ...inside.map((value) => ({ x: (value - mean) / deviation, y: 1, w: (1 - share) / inside.length })),
    ...outside.map((value) => ({ x: (value - mean) / deviation, y: 0, w: share / outside.length })),
  ]
  let [a, b] = [1, 0]
  for (let round = 0; round < 50; round++) {
    // A little pull keeps the slope finite where nothing overlaps
    let [ga, gb, haa, hab, hbb] = [1e-4 * a, 0, 1e-4, 0, 1e-9]
    for (const { x, y, w } of points) {
      const p = 1 / (1 + Math.exp(-(a * x + b)))
      const h = w * p * (1 - p)
      ga += w * (p - y) * x
      gb += w * (p - y)
      haa += h * x * x
      hab += h * x
      hbb += h
    }
    const determinant = haa * hbb - hab * hab
    const [da, db] = [(ga * hbb - gb * hab) / determinant, (gb * haa - ga * hab) / determinant]
    const damp = Math.min(1, 2 / (Math.abs(da) + Math.abs(db) + 1e-12))
    a -= damp * da
    b -= damp * db
    if (Math.abs(da) + Math.abs(db) < 1e-8) break
  }
  return { slope: a / deviation, middle: mean - (b * deviation) / a }
}
