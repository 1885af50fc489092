import { ConnectorError, type ConnectorErrorCode } from '../connectors/errors.ts'

export type Status = 400 | 403 | 404 | 409 | 410 | 413 | 415 | 422 | 500 | 503 | 507

/** What a client is told of a failure, over HTTP as over the WebSocket. */
export interface Problem {
  /** For machines. */
  readonly code: string
  readonly message: string
  /** Path of the faulty field, such as `media.0.data` or `3.text`. */
  readonly field?: string
  /** The faulty value as JSON, cut to 80 characters. */
  readonly value?: string
  /** What to do about it. */
  readonly remedy?: string
}

/** A failure that the gateway itself has found, with the HTTP status that stands for it. */
export class GatewayError extends Error {
  constructor(
    readonly status: Status,
    readonly code: string,
    message: string,
    readonly details: Pick<Problem, 'field' | 'value' | 'remedy'> = {},
  ) {
    super(message)
    this.name = 'GatewayError'
  }
}

const statuses: Partial<Record<ConnectorErrorCode, readonly [Status, string]>> = {
  LOG_FULL: [507, 'free disk space, raise the log’s budget or shorten its retention; nothing was accepted'],
  OFFSET_OUT_OF_RANGE: [410, 'retention has removed these replies: ask again without "after"'],
  OLAP_BUSY: [503, 'another process has the OLAP folder open: stop it, or ask that one'],
  QUERY_LIMIT: [422, 'ask for less: add a LIMIT, a WHERE or a coarser GROUP BY'],
  QUERY_REFUSED: [400, 'send one statement that only reads, in ClickHouse’s SQL'],
  RECORD_TOO_LARGE: [413, 'send the media by url, or a shorter text'],
  UNAVAILABLE: [503, 'try again; /readyz says what is away'],
}

/** Turns any failure into what the client is told. */
export function problemOf(error: unknown): { status: Status; problem: Problem } {
  if (error instanceof GatewayError)
    return { status: error.status, problem: { code: error.code, message: error.message, ...error.details } }
  if (error instanceof ConnectorError) {
    const [status, remedy] = statuses[error.code] ?? [500, 'see /readyz and the pipeline’s log']
    return { status, problem: { code: error.code, message: error.message, remedy } }
  }
  return { status: 500, problem: { code: 'INTERNAL', message: `the gateway failed: ${String(error)}` } }
}
