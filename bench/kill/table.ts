import { table } from '../../cli/output.ts'
import type { Verdict } from './oracle.ts'

/** What a run of either form has to say. */
interface Report {
  readonly utterances: number
  readonly kills: Readonly<Record<string, number>>
  readonly points?: Readonly<Record<string, number>>
  readonly others?: Readonly<Record<string, number>>
  readonly gaveUp?: Readonly<Record<string, number>>
  readonly rebalances?: number
  readonly recoveriesMs: Readonly<Record<string, readonly number[]>>
  readonly afterRaise?: string
  readonly verdict: Verdict
}

/** Every difference; none: exact. */
export const verdictOf = ({ verdict }: Report): readonly (readonly [what: string, count: number])[] =>
  Object.entries(verdict).filter(([, count]) => count > 0)

/** For a terminal. */
export function tableOf(report: Report): string {
  const { kills, points = {}, others = {}, gaveUp = {}, rebalances = 0, recoveriesMs } = report
  const counted = (counts: Readonly<Record<string, number>>, what: string) =>
    table(Object.entries(counts).map(([name, count]) => ({ [what]: name, count })))
  const parts = [
    counted({ ...kills, 'in all': sum(kills) + sum(points) }, 'killed at a random moment'),
    counted(points, 'killed at a named point'),
    counted({ ...others, rebalance: rebalances }, 'other fault'),
    counted(gaveUp, 'ended with an error, by itself'),
    table(Object.entries(recoveriesMs).map(([what, ms]) => ({ 'recovery, ms': what, ...quantiles(ms) }))),
    counted({ utterances: report.utterances, ...report.verdict }, 'compared with what must come out'),
    ...(report.afterRaise ? [`after the partitions were raised: ${report.afterRaise}`] : []),
  ]
  return parts.filter(Boolean).join('\n\n')
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0)

function quantiles(values: readonly number[]): Record<string, number> {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number
  return { n: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}
