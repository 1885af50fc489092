import { backgroundWeight, calibrationError } from '../calibrate.ts'
import { verdictOf } from '../heads/dense.ts'
import { highest } from '../linear.ts'
import { backgroundShare } from '../trainer.ts'
import type { Known, Unseen } from './fit-head.ts'
import type { EncodedLanguage, HeadReport } from './teaching.ts'
import type { Duel } from './thresholds.ts'

/** How both tiers answered a text that neither was taught with. */
interface Judged extends Duel {
  /** -1: none of the labels. */
  readonly truth: number
  readonly answer: number
  readonly answerConfidence: number
}

export function judge(
  unseen: readonly Unseen[],
  { classOf, prior }: Known,
  classes: number,
  background: boolean,
): Judged[] {
  const strangers = unseen.filter(({ text }) => classOf[text]! < 0).length
  const strange = backgroundWeight(strangers, unseen.length, backgroundShare)
  return unseen.map((one) => {
    const { text } = one
    const truth = classOf[text]!
    const { label: answer, confidence: answerConfidence } = verdictOf(one)
    const linear = Float64Array.from({ length: classes }, (_, label) => Math.exp(prior(text, label)))
    const top = highest(linear, 0, classes)
    const none = background ? 1 - linear.reduce((sum, one) => sum + one, 0) : 0
    const said = none > linear[top]! ? -1 : top
    return {
      truth,
      answer,
      answerConfidence,
      confidence: Math.max(none, linear[top]!),
      linearRight: said === truth,
      denseRight: answer === truth,
      weight: truth < 0 ? Math.min(1, strange) : 1,
    }
  })
}

export function reportOf(
  head: string,
  language: EncodedLanguage,
  labels: readonly string[],
  judged: readonly Judged[],
  threshold: number,
): HeadReport {
  const share = (some: readonly Judged[], test: (one: Judged) => boolean) =>
    some.filter(test).length / Math.max(1, some.length)
  const strangers = judged.filter(({ truth }) => truth < 0)
  const pairs = new Map<string, number>()
  for (const { truth, answer } of judged)
    if (truth >= 0 && answer >= 0 && truth !== answer)
      pairs.set(`${truth} ${answer}`, (pairs.get(`${truth} ${answer}`) ?? 0) + 1)
  const confused = [...pairs].sort((a, b) => b[1] - a[1]).slice(0, 10)
  return {
    head,
    language,
    classes: labels.length,
    examples: judged.length,
    accuracy: share(judged, ({ denseRight }) => denseRight),
    linearAccuracy: share(judged, ({ linearRight }) => linearRight),
    calibrationError: calibrationError(
      judged.map(({ answerConfidence, denseRight }) => ({ confidence: answerConfidence, right: denseRight })),
    ),
    ...(strangers.length > 0 ? { outOfScopeRecall: share(strangers, ({ answer }) => answer < 0) } : {}),
    linearShare: share(judged, ({ confidence }) => confidence >= threshold),
    confused: confused.map(([pair, count]) => {
      const [label, as] = pair.split(' ').map((index) => labels[Number(index)]!)
      return { label: label!, as: as!, count }
    }),
  }
}
