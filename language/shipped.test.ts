import { describe, expect, test } from 'vitest'
import { cascade } from './cascade.ts'
import { closeEncoders, openEncoders, openTeaching, shippedPlace, tiersOf } from './open.ts'
import type { Understanding } from './tier.ts'

/** What the build has taught of language/examples. */
describe.each(['cascade', 'linear'] as const)('what ships, by the %s', async (tier) => {
  const encoders = await openEncoders()
  const teaching = openTeaching(shippedPlace(), encoders)
  const model = cascade(await tiersOf(teaching, encoders, tier, 0.15))
  const understand = async (text: string, language: string): Promise<Understanding> =>
    (await model.understand([{ text, language }]))[0]!
  const languageOf = (text: string) => (/\p{sc=Han}/u.test(text) ? 'zh' : 'en')

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
  ])('%s: %s', async (text, intent) => {
    expect((await understand(text, languageOf(text))).intent).toBe(intent)
  })

  test.each([
    ['This is wonderful, thank you so much, I love it', 'positive'],
    ['Terrible service, I am really disappointed', 'negative'],
    ['服务态度太差了，非常失望', 'negative'],
    ['质量很好，非常满意', 'positive'],
  ])('%s: %s', async (text, sentiment) => {
    expect((await understand(text, languageOf(text))).sentiment).toBe(sentiment)
  })

  test('every answer names the version', async () => {
    expect((await understand('Hello!', 'en')).model).toBe(teaching.version)
    await closeEncoders(encoders)
  })
})
