import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { linearTier } from './linear-tier.ts'
import { loadModel } from './model-file.ts'
import type { Understanding } from './tier.ts'

const folder = mkdtempSync(join(tmpdir(), 'murmur-train-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs the program as the build does; what it printed. */
async function train(...args: string[]): Promise<string> {
  const print = vi.spyOn(console, 'error').mockImplementation(() => {})
  const argv = process.argv
  process.argv = [...argv.slice(0, 2), ...args]
  try {
    vi.resetModules()
    await import('./train.ts')
    return print.mock.calls.flat().join('\n')
  } finally {
    process.argv = argv
    print.mockRestore()
  }
}

test('a fault in the examples ends the build with one line', async () => {
  expect(await train(folder)).toMatch(/^murmur: the language model can't be trained: .*intents\.en\.yaml/)
  expect(process.exitCode).toBe(1)
  process.exitCode = 0
})

describe("the project's own examples", () => {
  let printed: string
  let understand: (text: string) => Understanding
  beforeAll(async () => {
    const file = join(folder, 'linear.bin')
    printed = await train('language/examples', file)
    const tier = linearTier(loadModel(file))
    understand = (text) => tier.understand([{ text, language: 'en' }])[0]!
  })

  test('train a model, and one line says how good it is', () => {
    expect(printed).toMatch(
      /^murmur: trained .* MB\) in [\d.]+ s; intent: \d+ classes, \d+ examples, .*; sentiment: 3 classes/,
    )
  })

  test.each([
    ['Hello!', 'greeting'],
    ['could you tell me where my order is', 'order_status'],
    ['i forgot my password and need to reset it', 'password_reset'],
    ['please cancel my order', 'cancel_order'],
    ['I was charged twice for the same thing', 'double_charge'],
    ['let me speak to a real person', 'talk_to_human'],
    ['你好呀', 'greeting'],
    ['我的订单到哪里了', 'order_status'],
    ['忘记密码了怎么重置', 'password_reset'],
    ['帮我转人工客服', 'talk_to_human'],
    ['我要取消订单', 'cancel_order'],
    ['asdf qwer zxcv', 'out_of_scope'],
  ])('%s: %s', (text, intent) => {
    expect(understand(text).intent).toBe(intent)
  })

  test.each([
    ['This is wonderful, thank you so much, I love it', 'positive'],
    ['Terrible service, I am really disappointed', 'negative'],
    ['服务态度太差了，非常失望', 'negative'],
    ['质量很好，非常满意', 'positive'],
  ])('%s: %s', (text, sentiment) => {
    expect(understand(text).sentiment).toBe(sentiment)
  })
})
