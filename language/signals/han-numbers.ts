const hanDigits = '〇一二三四五六七八九'

/** 二〇二五, 2025 */
export const yearOf = (written: string): number =>
  Number(
    [...written.replaceAll('零', '〇')]
      .map((one) => (hanDigits.includes(one) ? hanDigits.indexOf(one) : one))
      .join(''),
  )

/** 二十一, 十二, 三, 两, 12 */
export function numberOf(written: string): number {
  if (/^\d+$/.test(written)) return Number(written)
  const [tens, ones] = written.includes('十') ? written.split('十') : ['', written]
  const of = (part: string | undefined, empty: number) =>
    part ? hanDigits.indexOf(part.replace('两', '二').replace('零', '〇')) : empty
  return (written.includes('十') ? 10 * of(tens, 1) : 0) + of(ones, 0)
}
