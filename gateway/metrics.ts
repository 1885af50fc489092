import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { timeOf } from './utterance.ts'

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** What the gateway counts and times. */
export interface Meters {
  /** A request's route, as it is registered, and its status. */
  request(route: string, status: number): void
  accepted(utterances: number): void
  appended(milliseconds: number): void
  undecodable(): void
  socket(change: 1 | -1): void
  sent(replies: number): void
  /** A client has just got the reply to an utterance; its id tells when that came in, where the gateway made it. */
  answered(inReplyTo: string, now: number): void
}

export function createMeters(registry: Registry): Meters {
  const registers = [registry]
  const requests = new Counter({
    name: 'murmur_gateway_requests_total',
    help: 'Requests by route and status',
    labelNames: ['route', 'status'],
    registers,
  })
  const byRoute = new Map<string, Counter.Internal>()
  const utterances = new Counter({
    name: 'murmur_gateway_utterances_total',
    help: 'Utterances that clients were told are accepted, repeats included',
    registers,
  })
  const appends = new Histogram({
    name: 'murmur_gateway_append_seconds',
    help: 'Duration of the transactions that append utterances',
    buckets: seconds,
    registers,
  })
  const sockets = new Gauge({ name: 'murmur_gateway_sockets', help: 'Open WebSockets', registers })
  const undecodable = new Counter({
    name: 'murmur_gateway_undecodable_replies_total',
    help: 'Records of the topic replies that no schema decodes',
    registers,
  })
  const sent = new Counter({
    name: 'murmur_gateway_replies_total',
    help: 'Replies sent to clients',
    registers,
  })
  const latency = new Histogram({
    name: 'murmur_gateway_reply_seconds',
    help: 'From an utterance’s arrival at the gateway to its reply being sent',
    buckets: seconds,
    registers,
  })
  return {
    request(route, status) {
      const key = `${status} ${route}`
      const counter = byRoute.get(key) ?? requests.labels(route, String(status))
      byRoute.set(key, counter)
      counter.inc()
    },
    accepted: (count) => utterances.inc(count),
    appended: (milliseconds) => appends.observe(milliseconds / 1000),
    undecodable: () => undecodable.inc(),
    socket: (change) => sockets.inc(change),
    sent: (count) => sent.inc(count),
    answered(inReplyTo, now) {
      const arrived = timeOf(inReplyTo)
      if (arrived !== undefined) latency.observe((now - arrived) / 1000)
    },
  }
}
