import { detect, encodedAs } from '../detect.ts'
import type { Placed } from '../examples.ts'
import type { Encoders } from '../open.ts'
import { outOfScope } from '../tier.ts'

export interface Finding {
  readonly kind: 'contradiction' | 'duplicate' | 'thin' | 'near'
  readonly label: string
  /** What to look at, and what to do. */
  readonly message: string
}

/** Better twenty examples an intent than five. */
const enough = 10
/** Intents whose examples are so alike on average, by their vectors, are hard to tell apart. */
const alike = 0.85

/** Looks for what makes intents hard to learn. */
export async function checkExamples(
  examples: readonly Placed[],
  encoders: Encoders,
): Promise<readonly Finding[]> {
  return [...repeated(examples), ...thin(examples), ...(await near(examples, encoders))]
}

function repeated(examples: readonly Placed[]): Finding[] {
  const first = new Map<string, Placed>()
  return examples.flatMap((one): Finding[] => {
    const folded = one.text.toLowerCase().replace(/[\s\p{P}]+/gu, '')
    const other = first.get(folded)
    if (!other) {
      first.set(folded, one)
      return []
    }
    const same = other.label === one.label
    return [
      {
        kind: same ? 'duplicate' : 'contradiction',
        label: one.label,
        message: same
          ? `${one.place}: "${one.text}" stands at ${other.place} already`
          : `${one.place}: "${one.text}" stands under "${one.label}" and, at ${other.place}, under "${other.label}"; keep one`,
      },
    ]
  })
}

function thin(examples: readonly Placed[]): Finding[] {
  const counts = new Map<string, number>()
  for (const { label } of examples) counts.set(label, (counts.get(label) ?? 0) + 1)
  return [...counts]
    .filter(([, count]) => count < enough)
    .map(([label, count]) => ({
      kind: 'thin',
      label,
      message: `"${label}" has ${count} examples; give it ${enough} or more, said in different ways`,
    }))
}

async function near(examples: readonly Placed[], encoders: Encoders): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const encoder of Object.values(encoders)) {
    const { language, dimensions } = encoder.manifest
    const own = examples.filter(
      ({ text, label }) => label !== outOfScope && encodedAs(detect(text).language) === language,
    )
    const centres = centresOf(own, await encoder.encode(own.map(({ text }) => text)), dimensions)
    for (const [at, [label, centre]] of centres.entries())
      for (const [other, rival] of centres.slice(at + 1)) {
        const likeness = centre.reduce((sum, value, i) => sum + value * (rival[i] as number), 0)
        if (likeness < alike) continue
        findings.push({
          kind: 'near',
          label,
          message: `"${label}" and "${other}" are much alike in "${language}" (${likeness.toFixed(2)} of 1); say what sets them apart, or make them one`,
        })
      }
  }
  return findings
}

/** The mean vector of each label's examples, of length 1. */
function centresOf(examples: readonly Placed[], vectors: Float32Array, dimensions: number) {
  const sums = new Map<string, Float64Array>()
  for (const [at, { label }] of examples.entries()) {
    const sum = sums.get(label) ?? new Float64Array(dimensions)
    sums.set(label, sum)
    for (let i = 0; i < dimensions; i++) sum[i]! += vectors[at * dimensions + i] as number
  }
  return [...sums].map(([label, sum]): readonly [string, Float64Array] => {
    const length = Math.hypot(...sum)
    return [label, sum.map((value) => value / length)]
  })
}
