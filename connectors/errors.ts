/** Every way in which a connector can fail. The list is closed: a new failure gets a code here first. */
export type ConnectorErrorCode =
  | 'FENCED' // another owner has taken over; nothing was written
  | 'GROUP_ACTIVE' // the group has members, so its position can't be moved
  | 'INVALID_SCHEMA' // not an Avro schema
  | 'INCOMPATIBLE_SCHEMA' // breaks readers or writers of an earlier version
  | 'LOG_FULL' // the disk, or the budget given to the log, is used up
  | 'MISCONFIGURED' // the server is not what the configuration says; someone has to change one of them
  | 'NEWER_FORMAT' // the data was written by a newer version of Murmur
  | 'OFFSET_OUT_OF_RANGE' // retention has removed the records asked for
  | 'OLAP_BUSY' // the OLAP folder belongs to another process
  | 'PARTITIONS_CHANGED' // keyed state was made under another number of partitions
  | 'POSITION_LOST' // the log has forgotten how far a source was read
  | 'QUERY_LIMIT' // a query ran past its limits
  | 'QUERY_REFUSED' // the OLAP engine refused the statement
  | 'RECORD_TOO_LARGE'
  | 'SOURCE_INVALID' // the source can't be opened, or its options don't fit it
  | 'STORE_FULL' // the store has no memory left
  | 'STORE_UNSAFE' // the store may drop state that it has acknowledged, or has done so
  | 'UNAUTHORIZED' // the server refuses the user, the password or the operation
  | 'UNAVAILABLE' // the server or the disk does not answer
  | 'UNKNOWN_SCHEMA'
  | 'UNKNOWN_TOPIC'

const retryable: ReadonlySet<ConnectorErrorCode> = new Set([
  'LOG_FULL',
  'OLAP_BUSY',
  'STORE_FULL',
  'UNAVAILABLE',
])

/** A connector's failure. `retryable` says whether the same call may succeed later without anyone's help. */
export class ConnectorError extends Error {
  readonly retryable: boolean

  constructor(
    readonly code: ConnectorErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options)
    this.name = 'ConnectorError'
    this.retryable = retryable.has(code)
  }
}
