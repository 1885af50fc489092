import { kind, kinds } from '../features.ts'

/** Three exclamation marks are as loud as it gets. */
const mostExclamations = 3
const byCapitals = 0.8
const byStretching = 0.4
/** "LA", "OK" and the like are capitals without being loud. */
const leastShouted = 3

/**
 * How loudly a text is written, 0 to 1: by exclamation marks and by words in capitals (two or more, and a third of all),
 * as Hutto and Gilbert have it (VADER, ICWSM 2014), and by stretched words such as "sooo" or "啊啊啊" (Brody and
 * Diakopoulos, EMNLP 2011).
 */
export function volumeOf(text: string): number {
  let exclamations = 0
  let words = 0
  let shouted = 0
  let stretched = false
  let letters = 0
  let capitals = 0
  let run = 1
  let previous = 0
  for (let i = 0; i <= text.length; i++) {
    const unit = i < text.length ? text.charCodeAt(i) : 0
    const is = kinds[unit]!
    if (is === kind.letter) {
      letters++
      if (unit >= 0x41 && unit <= 0x5a) capitals++
    } else if (is !== kind.joiner && letters > 0) {
      words++
      if (capitals === letters && letters >= leastShouted) shouted++
      letters = 0
      capitals = 0
    }
    if (unit === 0x21 || unit === 0xff01) exclamations++
    run = unit === previous ? run + 1 : 1
    if (run === 3 && stretches(unit, is)) stretched = true
    previous = unit
  }
  const capitalised = shouted >= 2 && shouted * 3 >= words
  return Math.min(
    1,
    Math.min(exclamations, mostExclamations) / mostExclamations +
      (capitalised ? byCapitals : 0) +
      (stretched ? byStretching : 0),
  )
}

/** Neither numbers nor "www". */
const stretches = (unit: number, is: number): boolean =>
  (is === kind.letter && unit > 0x39 && (unit | 0x20) !== 0x77) || is === kind.ideograph
