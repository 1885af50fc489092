import { describe, expect, test } from 'vitest'
import { calibrate, calibrationError, reliability, softmax } from './calibrate.ts'
import { randomFrom } from './random.ts'

describe('calibration', () => {
  test('finds the sharpness and the background that the labels were drawn with', () => {
    const [classes, count, sharpness, background] = [3, 20_000, 2.5, 0.7]
    const random = randomFrom(1)
    const margins = Float64Array.from({ length: classes * count }, () => 2 * random() - 1)
    const labels = Int32Array.from({ length: count }, (_, text) => {
      const row = margins.slice(text * classes, (text + 1) * classes)
      softmax(row, 0, classes, { sharpness, background })
      let left = random()
      return row.findIndex((probability) => {
        left -= probability
        return left < 0
      })
    })
    const share = labels.filter((label) => label < 0).length / count
    const found = calibrate({ margins, labels, classes }, share)
    expect(found.sharpness).toBeCloseTo(sharpness, 0.5)
    expect(found.background).toBeCloseTo(background, 0.5)
  })

  test('has no background where every text has a class', () => {
    const margins = Float64Array.of(1, -1, -1, 1, 1, -1, 0.9, -0.9)
    const found = calibrate({ margins, labels: Int32Array.of(0, 1, 0, 1), classes: 2 }, 0.25)
    expect(found.background).toBeUndefined()
    expect(found.sharpness).toBeGreaterThan(0)
  })

  test('probabilities sum to 1, the background taking its part', () => {
    const alone = Float64Array.of(3, 1, -2)
    softmax(alone, 0, 3, { sharpness: 1.5 })
    expect(alone.reduce((sum, p) => sum + p)).toBeCloseTo(1, 12)
    const beside = Float64Array.of(3, 1, -2)
    softmax(beside, 0, 3, { sharpness: 1.5, background: 4.5 })
    expect(beside[0]! * 2 + beside[1]! + beside[2]!).toBeCloseTo(1, 12)
  })
})

test('the calibration error is the mean gap between confidence and accuracy', () => {
  expect(calibrationError([])).toBe(0)
  expect(calibrationError([{ confidence: 1, right: true }])).toBe(0)
  const overconfident = Array.from({ length: 10 }, (_, i) => ({ confidence: 0.9, right: i < 6 }))
  expect(calibrationError(overconfident)).toBeCloseTo(0.3, 10)
  expect(
    reliability([...overconfident, { confidence: 1, right: true }, { confidence: 0.05, right: false }]),
  ).toEqual([
    { from: 0, to: 0.1, texts: 1, confidence: 0.05, right: 0 },
    { from: 0.9, to: 1, texts: 11, confidence: expect.closeTo(10 / 11, 10), right: 7 / 11 },
  ])
})
