/** Margins of texts that the separators weren't trained on: by text, then class; labels of -1 are background. */
export interface Scored {
  readonly margins: Float64Array
  readonly labels: Int32Array
  readonly classes: number
}

/** How margins become probabilities. */
export interface Calibration {
  /** Margins are multiplied by it: the inverse of a temperature. */
  readonly sharpness: number
  /** Logit of "none of the classes"; undefined: one of them it is. */
  readonly background?: number | undefined
}

/**
 * Finds how sharp margins are as logits (the inverse of the temperature of Guo et al., "On Calibration of Modern
 * Neural Networks", 2017) and, where there are background texts, the logit of "none of the classes", so that the
 * true labels are most likely. Both by Newton's method: the loss is convex in them.
 * @param backgroundShare what part of all texts to take background texts for, whatever their part in the examples
 */
export function calibrate(scored: Scored, backgroundShare: number): Calibration {
  const { margins, labels, classes } = scored
  const strangers = labels.filter((label) => label < 0).length
  const weight = backgroundWeight(strangers, labels.length, backgroundShare)
  let sharpness = 1
  let background = strangers > 0 ? 0 : -Infinity
  for (let round = 0; round < 30; round++) {
    let [slope, lift, slopeSlope, slopeLift, liftLift] = [0, 0, 1e-9, 0, 1e-9]
    for (const [text, label] of labels.entries()) {
      const row = margins.subarray(text * classes, (text + 1) * classes)
      const { mean, square, none } = moments(row, sharpness, background)
      const w = label < 0 ? weight : 1
      slope += w * (mean - (label < 0 ? 0 : row[label]!))
      lift += w * (none - (label < 0 ? 1 : 0))
      slopeSlope += w * (square - mean * mean)
      slopeLift -= w * mean * none
      liftLift += w * none * (1 - none)
    }
    const determinant = slopeSlope * liftLift - slopeLift * slopeLift
    const turn = (slope * liftLift - lift * slopeLift) / determinant
    const raise = (lift * slopeSlope - slope * slopeLift) / determinant
    const damp = Math.min(1, sharpness / (2 * Math.abs(turn) + 1e-12), 2 / (Math.abs(raise) + 1e-12))
    sharpness -= damp * turn
    background -= damp * raise
    if (Math.abs(turn) < 1e-6 * sharpness && Math.abs(raise) < 1e-6) break
  }
  return { sharpness, background: strangers > 0 ? background : undefined }
}

/**
 * How much a background text counts against one of a class, so that all of them together are such a share of all texts.
 * @param strangers how many of the texts are background
 */
export const backgroundWeight = (strangers: number, texts: number, share: number): number =>
  strangers && (share / (1 - share)) * ((texts - strangers) / strangers)

/** Turns the margins between two places into probabilities, in place. With a background they sum to less than 1. */
export function softmax(
  margins: Float64Array,
  from: number,
  to: number,
  { sharpness, background }: Calibration,
): void {
  let top = background ?? -Infinity
  for (let c = from; c < to; c++) top = Math.max(top, sharpness * margins[c]!)
  let total = background === undefined ? 0 : Math.exp(background - top)
  for (let c = from; c < to; c++) total += margins[c] = Math.exp(sharpness * margins[c]! - top)
  for (let c = from; c < to; c++) margins[c]! /= total
}

/** Mean and mean square of a text's margins under its probabilities, and the probability of the background. */
function moments(row: Float64Array, sharpness: number, background: number) {
  let top = background
  for (const margin of row) top = Math.max(top, sharpness * margin)
  const none = Math.exp(background - top)
  let [total, mean, square] = [none, 0, 0]
  for (const margin of row) {
    const mass = Math.exp(sharpness * margin - top)
    total += mass
    mean += mass * margin
    square += mass * margin * margin
  }
  return { mean: mean / total, square: square / total, none: none / total }
}

/** How sure an answer was, 0 to 1, and whether it was right. */
interface Judged {
  readonly confidence: number
  readonly right: boolean
}

/** Answers of like confidence. */
export interface Bin {
  /** From where on, up to where, answers are counted here. */
  readonly from: number
  readonly to: number
  readonly texts: number
  /** Their mean confidence, and the share of them that was right. */
  readonly confidence: number
  readonly right: number
}

/** How confidence and accuracy lie together, over bins of equal width; those without a text are left out. */
export function reliability(answers: readonly Judged[], count = 10): readonly Bin[] {
  const bins = Array.from({ length: count }, () => ({ texts: 0, confidence: 0, right: 0 }))
  for (const { confidence, right } of answers) {
    const bin = bins[Math.min(count - 1, Math.floor(confidence * count))]!
    bin.texts++
    bin.confidence += confidence
    bin.right += Number(right)
  }
  return bins
    .map(({ texts, confidence, right }, at) => ({
      from: at / count,
      to: (at + 1) / count,
      texts,
      confidence: confidence / texts,
      right: right / texts,
    }))
    .filter(({ texts }) => texts > 0)
}

/** Expected calibration error: how far confidence and accuracy lie apart on average, over 15 bins of equal width. */
export const calibrationError = (answers: readonly Judged[]): number =>
  reliability(answers, 15).reduce(
    (sum, { texts, confidence, right }) => sum + (texts / answers.length) * Math.abs(confidence - right),
    0,
  )
