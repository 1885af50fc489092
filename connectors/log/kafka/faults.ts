import { GenericError, MultipleErrors, protocolErrorsCodesById, ResponseError } from '@platformatic/kafka'
import { ConnectorError, type ConnectorErrorCode } from '../../errors.ts'

/** What Kafka, or the way to it, says is wrong: Kafka's own name of the error, or one of ours. */
export class KafkaFault extends Error {
  constructor(
    /** Such as `NOT_COORDINATOR`; `NETWORK`, `TIMEOUT`, `TLS` and `AUTHENTICATION` where no broker has answered. */
    readonly id: string,
    message: string,
    readonly response: unknown,
    options: { cause: unknown },
  ) {
    super(message, options)
    this.name = 'KafkaFault'
  }
}

/** Passes by itself: the same request may succeed in a moment, perhaps at another broker. */
const passing = new Set([
  'NETWORK',
  'TIMEOUT',
  'BROKER_NOT_AVAILABLE',
  'CONCURRENT_TRANSACTIONS',
  'CORRUPT_MESSAGE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'KAFKA_STORAGE_ERROR',
  'LEADER_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'NOT_CONTROLLER',
  'NOT_COORDINATOR',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_LEADER_OR_FOLLOWER',
  'OFFSET_NOT_AVAILABLE',
  'REPLICA_NOT_AVAILABLE',
  'REQUEST_TIMED_OUT',
  'THROTTLING_QUOTA_EXCEEDED',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_SERVER_ERROR',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'UNSTABLE_OFFSET_COMMIT',
])

/** Somebody else has taken over: what this producer or member tries is refused for good. */
const fenced = new Set([
  'FENCED_INSTANCE_ID',
  'ILLEGAL_GENERATION',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
  'INVALID_TXN_STATE',
  'PRODUCER_FENCED',
  'REBALANCE_IN_PROGRESS',
  'UNKNOWN_MEMBER_ID',
  'UNKNOWN_PRODUCER_ID',
])

const codes: Readonly<Record<string, ConnectorErrorCode>> = {
  AUTHENTICATION: 'UNAUTHORIZED',
  SASL_AUTHENTICATION_FAILED: 'UNAUTHORIZED',
  TLS: 'MISCONFIGURED',
  TOPIC_AUTHORIZATION_FAILED: 'UNAUTHORIZED',
  GROUP_AUTHORIZATION_FAILED: 'UNAUTHORIZED',
  CLUSTER_AUTHORIZATION_FAILED: 'UNAUTHORIZED',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'UNAUTHORIZED',
  INCONSISTENT_GROUP_PROTOCOL: 'MISCONFIGURED',
  INVALID_REPLICATION_FACTOR: 'MISCONFIGURED',
  INVALID_SESSION_TIMEOUT: 'MISCONFIGURED',
  INVALID_TRANSACTION_TIMEOUT: 'MISCONFIGURED',
  MESSAGE_TOO_LARGE: 'RECORD_TOO_LARGE',
  RECORD_LIST_TOO_LARGE: 'RECORD_TOO_LARGE',
  NON_EMPTY_GROUP: 'GROUP_ACTIVE',
  OFFSET_OUT_OF_RANGE: 'OFFSET_OUT_OF_RANGE',
  UNKNOWN_TOPIC_OR_PARTITION: 'UNKNOWN_TOPIC',
}

const remedies: Readonly<Record<string, string>> = {
  AUTHENTICATION: 'check log.kafka.sasl against what the broker wants',
  TLS: "check log.kafka.tls: ca must hold who signed the broker's certificate, serverName the name in it",
  NETWORK: 'check log.kafka.brokers; where a broker hangs up at once, log.kafka.tls and log.kafka.sasl',
  TIMEOUT: 'check log.kafka.brokers and log.kafka.tls',
  FENCED_INSTANCE_ID: 'another process bears the same log.kafka.instance: give each its own',
  INCONSISTENT_GROUP_PROTOCOL: 'other programs consume under this group id: take another',
  INVALID_REPLICATION_FACTOR: 'set log.kafka.replicationFactor to no more than there are brokers',
  INVALID_SESSION_TIMEOUT:
    "set log.kafka.sessionTimeout between the broker's group.min.session.timeout.ms and group.max.session.timeout.ms",
  INVALID_TRANSACTION_TIMEOUT:
    "set log.kafka.transactionTimeout to no more than the broker's transaction.max.timeout.ms",
  NOT_ENOUGH_REPLICAS: "fewer replicas are in sync than the topic's min.insync.replicas asks for",
  NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    "fewer replicas are in sync than the topic's min.insync.replicas asks for",
  TOPIC_AUTHORIZATION_FAILED:
    'allow this user Describe, DescribeConfigs, Read and Write on the topic, and Create where it is missing',
  GROUP_AUTHORIZATION_FAILED: 'allow this user Read, Describe and Delete on the consumer group',
  CLUSTER_AUTHORIZATION_FAILED:
    'allow this user IdempotentWrite on the cluster, and Create where topics are missing',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    'allow this user Write and Describe on transactional ids that begin with "murmur:"',
  MESSAGE_TOO_LARGE: "raise the topic's max.message.bytes to log.kafka.maxMessageBytes",
  OFFSET_METADATA_TOO_LARGE: "raise the broker's offset.metadata.max.bytes",
}

export const isPassing = (cause: unknown): boolean => cause instanceof KafkaFault && passing.has(cause.id)

export const isFenced = (cause: unknown): boolean => cause instanceof KafkaFault && fenced.has(cause.id)

/** Whether a failure is Kafka's error of this name. */
export const isFault = (cause: unknown, ...ids: readonly string[]): cause is KafkaFault =>
  cause instanceof KafkaFault && ids.includes(cause.id)

/** Reads the client's errors. @param at the broker that was asked */
export function faultOf(cause: unknown, at: string): Error {
  if (cause instanceof KafkaFault || cause instanceof ConnectorError) return cause
  if (!(cause instanceof GenericError || cause instanceof MultipleErrors)) return cause as Error
  const response = cause instanceof ResponseError ? (cause as { response?: unknown }).response : undefined
  if (cause instanceof ResponseError) {
    const said = cause.errors as readonly ProtocolDetails[]
    // Where one place of a request is refused, the others are only not attempted
    const protocol = said.find(({ apiId }) => apiId !== 'OPERATION_NOT_ATTEMPTED') as ProtocolDetails
    const more = protocol.serverErrorMessage ? `: ${protocol.serverErrorMessage}` : ''
    return new KafkaFault(protocol.apiId, `${protocol.apiId}${more} (broker ${at})`, response, { cause })
  }
  const inner = [...causesOf(cause)]
  const denied = inner.find(({ code }) => code === 'PLT_KFK_AUTHENTICATION')
  const root = inner.at(-1) ?? cause
  if (denied) {
    // The server's own words, where it gives some
    const said = inner.flatMap((one) =>
      one instanceof ResponseError ? (one.errors as ProtocolDetails[]) : [],
    )
    const words = said.map(({ apiId, serverErrorMessage }) => serverErrorMessage ?? apiId)
    const message = [denied.message, ...words].join(' ')
    return new KafkaFault('AUTHENTICATION', `${message} (broker ${at})`, response, { cause })
  }
  const id = isTls(root) ? 'TLS' : cause.message.includes('timed out') ? 'TIMEOUT' : 'NETWORK'
  return new KafkaFault(id, `${wordsOf(root)} (broker ${at})`, response, { cause })
}

/** The fault of one place of a fetch, by Kafka's number; it answers for each place by itself. */
export const faultOfNumber = (code: number, where: string): KafkaFault => {
  const id = (protocolErrorsCodesById as Readonly<Record<number, string>>)[code] ?? `error ${code}`
  return new KafkaFault(id, `${id} (${where})`, undefined, { cause: undefined })
}

/** Certificates that don't fit, and what speaks no TLS: no repetition mends them. */
const isTls = ({ code, message }: Error & { code?: unknown }): boolean =>
  /CERT|SELF_SIGNED|UNABLE_TO_|^ERR_SSL|^ERR_TLS|^EPROTO$/.test(String(code)) ||
  message.includes('TLS handshake failed')

/** Where a name has several addresses and none answers, the error is a list, without words of its own. */
const wordsOf = (error: Error): string =>
  error instanceof AggregateError
    ? error.errors.map(({ message }: Error) => message).join(', ')
    : error.message

interface ProtocolDetails {
  readonly apiId: string
  readonly serverErrorMessage?: string | null
}

function* causesOf(error: Error): Generator<Error & { code?: unknown }> {
  for (let one: unknown = error; one instanceof Error; one = one.cause) yield one
}

/** What the log's user gets to see. */
export function connectorError(cause: unknown, doing: string): ConnectorError {
  if (cause instanceof ConnectorError) return cause
  if (!(cause instanceof KafkaFault))
    return new ConnectorError('UNAVAILABLE', `${doing}: ${(cause as Error).message}`, { cause })
  const code = codes[cause.id] ?? (fenced.has(cause.id) ? 'FENCED' : 'UNAVAILABLE')
  const remedy = remedies[cause.id]
  return new ConnectorError(code, `${doing}: ${cause.message}${remedy ? `; ${remedy}` : ''}`, { cause })
}
