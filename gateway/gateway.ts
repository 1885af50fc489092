import type { Hono } from 'hono'
import type { Registry as MetricsRegistry } from 'prom-client'
import { ConnectorError } from '../connectors/errors.ts'
import type { Log } from '../connectors/log/log.ts'
import type { Olap, QueryLimits } from '../connectors/olap/olap.ts'
import type { Registry } from '../connectors/registry/registry.ts'
import { utterances } from '../schemas/topics.ts'
import type { HealthReport } from '../streams/health.ts'
import { Acceptance } from './acceptance.ts'
import { Appender } from './appender.ts'
import { formatCursor } from './cursor.ts'
import { ReplyHistory } from './history.ts'
import { InFlight } from './in-flight.ts'
import { createMeters, type Meters } from './metrics.ts'
import { ReplyReader } from './reply-reader.ts'
import { ReplyTail } from './tail.ts'
import { uuidv7 } from './utterance.ts'

export interface Limits {
  /** Bytes of one request's body, or of one message on a WebSocket. */
  readonly bodyBytes: number
  /** Bytes of all bodies that are being worked on. */
  readonly inFlightBytes: number
  /** Bytes that may wait to be read by the client of a WebSocket, before it is closed. */
  readonly socketBytes: number
  readonly query: QueryLimits
}

export const defaultLimits: Limits = {
  bodyBytes: 16 << 20,
  inFlightBytes: 64 << 20,
  socketBytes: 1 << 20,
  query: { maxRows: 10_000, maxSeconds: 30, maxBytes: 64 << 20 },
}

export interface GatewayOptions {
  /** Name of the producer: a later gateway of the same name fences this one. One of its own unless told. */
  readonly name?: string
  /** Its topics must exist. */
  readonly log: Log
  readonly registry: Registry
  /** Undefined where the pipeline runs without one. */
  readonly olap: Pick<Olap, 'query'> | undefined
  readonly health: () => HealthReport
  /** What /metrics shows; the gateway adds its own. */
  readonly metrics: MetricsRegistry
  /** The schema registry's REST API, to be served under /registry. */
  readonly registryRoutes?: Hono | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly limits: Limits
}

/** The gateway without any protocol: what HTTP and the WebSocket both stand on. */
export interface Gateway extends GatewayOptions {
  readonly acceptance: Acceptance
  readonly replies: ReplyTail
  readonly history: ReplyHistory
  readonly inFlight: InFlight
  readonly meters: Meters
  /** Proves that the log takes writes. */
  probe(): Promise<void>
  /** Ends all waiting, waits for what is being appended, and closes the producer; not the log. */
  close(): Promise<void>
}

/** Opens a producer of its own and starts to follow the replies. */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { log, registry, now, limits, name = `gateway:${uuidv7(now())}` } = options
  const topic = (await log.topics()).find(({ name }) => name === utterances.name)
  if (!topic)
    throw new ConnectorError('UNKNOWN_TOPIC', 'the topic "utterances" is missing: create the topics first')
  const schemaId = await registry.register(`${utterances.name}-value`, utterances.codec.schema)
  const meters = createMeters(options.metrics)
  const reader = new ReplyReader(registry, meters.undecodable)
  const replies = await ReplyTail.open(log, reader)
  const appender = await Appender.open(() => log.producer(name), topic.partitions, schemaId, meters.appended)
  return {
    ...options,
    acceptance: new Acceptance(appender, (conversation) => formatCursor(replies.end(conversation)), now),
    replies,
    history: new ReplyHistory(log, reader),
    inFlight: new InFlight(limits.inFlightBytes),
    meters,
    probe: () => appender.probe(),
    async close() {
      await replies.close()
      await appender.close()
    },
  }
}
