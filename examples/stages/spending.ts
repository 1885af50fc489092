import { jsonTopic, keyed, partitioned } from 'murmur/streams'

interface Order {
  readonly customer: string
  readonly cents: number
}

/** Plain JSON, as a shop writes it, keyed by customer. What the function throws is the reason of a dead letter. */
export const orders = jsonTopic('orders', (value): Order => {
  const { customer, cents } = value as Partial<Order>
  if (typeof customer !== 'string') throw new TypeError('field "customer" is missing: say who ordered')
  if (!Number.isInteger(cents)) throw new TypeError(`field "cents" is ${cents}: write a whole number`)
  return { customer, cents: cents as number }
})

/** Without a function, whatever JSON holds is taken. */
export const spent = jsonTopic<{ readonly customer: string; readonly total: number }>('spent')

/** What each customer has spent so far. */
export const spending = keyed(
  { name: 'spending', from: orders, to: spent, state: { initial: () => 0 } },
  (before, message) => {
    const { customer, cents } = message.value
    const total = before + cents
    return [total, [message.as({ customer, total })]]
  },
)

const hour = 3_600_000

interface Hour {
  readonly start: number
  readonly cents: number
}

export const takings = jsonTopic<Hour>('takings')

/** What came in by the hour, over all customers: one count for each partition, told when its next hour begins. */
export const hourly = partitioned(
  { name: 'hourly', from: orders, to: takings, state: { initial: (): Hour => ({ start: 0, cents: 0 }) } },
  (open, message) => {
    const { cents } = message.value
    const start = message.timestamp - (message.timestamp % hour)
    if (start <= open.start) return [{ start: open.start, cents: open.cents + cents }, []]
    return [{ start, cents }, open.cents > 0 ? [message.as(open)] : []]
  },
)
