import type { AspectTerms } from './aspects.ts'

const terms = (list: string): string[] => list.split(',').map((term) => term.trim())

/** What people say of a shop, unless its owner names other aspects. */
export const shopAspects: AspectTerms = {
  delivery:
    terms(`deliver*, shipping, shipped, shipment, courier, parcel, parcels, tracking, postage, dispatch*,
    快递, 物流, 配送, 送货, 发货, 送达, 派送, 包裹, 运费, 快递员, 骑手, 送餐`),
  price:
    terms(`price*, pricing, cost, costs, expensive, cheap, cheaper, pricey, overpriced, discount*, value for money,
    价格, 价钱, 便宜, 太贵, 贵了, 好贵, 很贵, 性价比, 优惠, 折扣, 划算, 降价, 涨价`),
  quality:
    terms(`quality, broke, broken, faulty, defect*, durable, sturdy, flimsy, well made, badly made, fell apart,
    质量, 品质, 做工, 材质, 质感, 坏了, 破损, 瑕疵, 耐用`),
  service:
    terms(`service, customer service, customer care, support, staff, agent, agents, representative*, helpline,
    客服, 服务, 售后, 态度, 店员, 店家, 人工`),
  packaging: terms(`packag*, packing, packed, box, boxes, wrapping, wrapped, 包装, 盒子, 箱子, 外包装`),
  returns: terms(
    `return, returns, returned, returning, refund*, exchange, exchanged, 退货, 退款, 换货, 退换, 退钱`,
  ),
  payment: terms(
    `payment*, paid, checkout, credit card, invoice*, charged, 付款, 支付, 结账, 扣款, 发票, 刷卡`,
  ),
  app: terms(`app, website, web site, site, login, log in, page, 网站, 网页, 客户端, 登录, 界面, 小程序`),
  range: terms(
    `selection, out of stock, in stock, sold out, restock*, 缺货, 断货, 有货, 款式, 品种, 补货, 库存`,
  ),
}
