import { describe, expect, it } from 'vitest'
import { detect, type Language } from './detect.ts'

const sentences: Record<Language, readonly string[]> = {
  en: [
    'Where is my order? It was supposed to arrive on Monday.',
    'I want a refund for the shoes that I bought last week',
    'the app crashes every time i try to log in',
    'Thanks, that was really helpful!',
    'Can you change the delivery address to 12 Baker Street?',
    'this is the worst service i have ever had',
    'My card was charged twice and nobody answers the phone.',
    'Do you have this jacket in a larger size',
    "It doesn't work. I've tried it three times and it's still broken",
    'dont send me any more emails',
    '@airline you cancelled our flight and we are stuck here http://t.co/a1b2c3',
    'How long does shipping take to Canada?',
    'The hotel was lovely but the breakfast was cold',
    'cancel my subscription please',
    'I had a café au lait and it was great',
    'Could somebody call me back about the invoice?',
    'LOVE the new colours 😍😍',
    'we waited for two hours and then they told us to leave',
    'is there a discount for students',
    'Package arrived damaged, box was open',
    'what a shame',
    'You guys are the best!!!',
  ],
  zh: [
    '我的订单什么时候到?',
    '快递太慢了,等了一个星期还没有收到',
    '请问可以退款吗',
    '客服态度很好,谢谢',
    '这个颜色和图片不一样,我想换货',
    '質量不錯,下次還會再買',
    '很好吃',
    '差评!',
    '这个iPhone很好用,电池也很耐用',
    '收到货的时候包装已经破了,里面的东西也坏了',
    '能不能帮我改一下收货地址',
    '会员怎么取消自动续费',
    '密码忘记了,登录不上去',
    '发票抬头写错了可以重新开吗',
    '酒店的房间很干净,早餐也不错 👍',
    '肯德の基的鸡块凉了,味道一般',
  ],
  mixed: [
    '我想 cancel 这个 order',
    '请问 tracking number 在哪里看',
    '这个 app 一直 crash 怎么办',
    'my order 是昨天下的, please 帮我查一下',
    '你们的 customer service 太差了 I am so angry',
    'Hello 请问 refund 要多久',
    '这件 jacket 有没有 large size 的',
  ],
  other: [
    '¿Dónde está mi pedido? Todavía no ha llegado',
    'quiero devolver los zapatos que compré la semana pasada',
    'Muchas gracias por la ayuda',
    'Où est ma commande ? Je ne l’ai pas encore reçue',
    'je voudrais un remboursement pour cette commande',
    "C'est très bien, merci beaucoup",
    'Wo ist meine Bestellung? Sie ist noch nicht da.',
    'ich möchte mein Geld zurück, das ist nicht in Ordnung',
    'Vielen Dank für die schnelle Hilfe',
    'Onde está o meu pedido? Ainda não chegou',
    'Obrigado pela ajuda, foi muito bom',
    "Dov'è il mio ordine? Non è ancora arrivato",
    'vorrei un rimborso per questo prodotto, grazie',
    'Waar is mijn bestelling? Het is nog niet aangekomen',
    'ik wil graag mijn geld terug',
    'Pesanan saya belum sampai, tolong dibantu',
    'Gdzie jest moje zamówienie? Jeszcze nie przyszło',
    'Var är min beställning? Jag har inte fått den än',
    'Siparişim nerede? Daha gelmedi',
    'Đơn hàng của tôi đâu rồi?',
    'Где мой заказ? Он ещё не пришёл',
    'Πού είναι η παραγγελία μου;',
    'أين طلبي؟ لم يصل بعد',
    'איפה ההזמנה שלי',
    '注文した商品がまだ届きません',
    'カスタマーサービスに電話したい',
    '주문한 상품이 아직 도착하지 않았어요',
    'คำสั่งซื้อของฉันอยู่ที่ไหน',
    'मेरा ऑर्डर कहाँ है',
  ],
}

describe.each(Object.entries(sentences))('%s', (language, texts) => {
  it.each(texts)('%s', (text) => {
    const detection = detect(text)
    expect(detection.language).toBe(language)
    expect(detection.confidence).toBeGreaterThan(0.3)
    expect(detection.confidence).toBeLessThanOrEqual(1)
  })
})

describe('a text that says too little', () => {
  it.each(['ok', 'Gate C12', 'lol', 'Premium'])('%s is taken at its hint', (text) => {
    expect(detect(text, 'en-GB').language).toBe('en')
    expect(detect(text, 'zh_CN').language).toBe('zh')
    expect(detect(text, 'fr').language).toBe('other')
  })

  it('is English without a hint, with less confidence than a sentence', () => {
    const short = detect('ok')
    expect(short.language).toBe('en')
    expect(short.confidence).toBeLessThan(detect('where is the order that I made').confidence / 2)
  })

  it('without any letter is of its hint or of no language', () => {
    expect(detect('')).toEqual({ language: 'other', confidence: 0 })
    expect(detect('👍 12345')).toEqual({ language: 'other', confidence: 0 })
    expect(detect('👍', 'zh-Hans')).toEqual({ language: 'zh', confidence: 0.3 })
  })
})

it('believes a text rather than its hint where the text says enough', () => {
  expect(detect('Where is my order?', 'zh').language).toBe('en')
  expect(detect('我的订单在哪里', 'en').language).toBe('zh')
  expect(detect('¿Dónde está mi pedido?', 'en').language).toBe('other')
})

it('passes over addresses and mentions', () => {
  expect(detect('https://the.shop.example/where/is/my/order 很好').language).toBe('zh')
  expect(detect('@the_shop_and_you 还没有收到货').language).toBe('zh')
  expect(detect('see http://example.com/a').language).toBe('en')
})

it('is an English text that quotes a Chinese word or a Russian one', () => {
  expect(detect('the label on the box that I received today says 大 instead of large').language).toBe('en')
  expect(detect('the letters on the box spelled привет and that was it').language).toBe('en')
})
