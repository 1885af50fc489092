import { ConnectorError } from '../errors.ts'

/** ClickHouse's codes for data that doesn't fit: such a block will never go in. Everything else may pass. */
const dataAtFault = new Set([
  6, // CANNOT_PARSE_TEXT
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  33, // CANNOT_READ_ALL_DATA
  38, // CANNOT_PARSE_DATE
  41, // CANNOT_PARSE_DATETIME
  53, // TYPE_MISMATCH
  69, // ARGUMENT_OUT_OF_BOUND
  70, // CANNOT_CONVERT_TYPE
  72, // CANNOT_PARSE_NUMBER
  117, // INCORRECT_DATA
  131, // TOO_LARGE_STRING_SIZE
  321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  376, // CANNOT_PARSE_UUID
  395, // FUNCTION_THROW_IF_VALUE_IS_NON_ZERO
  407, // DECIMAL_OVERFLOW
  467, // CANNOT_PARSE_BOOL
  469, // VIOLATED_CONSTRAINT
  636, // CANNOT_EXTRACT_TABLE_STRUCTURE
  675, // CANNOT_PARSE_IPV4
  676, // CANNOT_PARSE_IPV6
  691, // UNKNOWN_ELEMENT_OF_ENUM
  748, // AVRO_EXCEPTION
])

/** Codes for a query that ran past a limit. */
const pastLimit = new Set([
  158, // TOO_MANY_ROWS
  159, // TIMEOUT_EXCEEDED
  160, // TOO_SLOW
  241, // MEMORY_LIMIT_EXCEEDED
  306, // TOO_DEEP_RECURSION
  307, // TOO_MANY_BYTES
  396, // TOO_MANY_ROWS_OR_BYTES
])

/** Codes of an engine that can't answer now, or not to us. */
const engineAtFault = new Set([
  76, // CANNOT_OPEN_FILE
  202, // TOO_MANY_SIMULTANEOUS_QUERIES
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  236, // ABORTED
  242, // TABLE_IS_READ_ONLY
  243, // NOT_ENOUGH_SPACE
  279, // ALL_CONNECTION_TRIES_FAILED
  394, // QUERY_WAS_CANCELLED
  999, // KEEPER_EXCEPTION
])

/** Codes for a user that the server does not know. */
const strangers = new Set([
  192, // UNKNOWN_USER
  193, // WRONG_PASSWORD
  194, // REQUIRED_PASSWORD
  195, // IP_ADDRESS_NOT_ALLOWED
  516, // AUTHENTICATION_FAILED
])

/** Codes for a user that may not do this. A query that gets them asked for too much; an insert has a right to it. */
const forbidden = new Set([
  164, // READONLY
  497, // ACCESS_DENIED
])

/** Codes of a server that has no such cluster, or no Keeper. */
const noCluster = new Set([
  139, // NO_ELEMENTS_IN_CONFIG
  225, // NO_ZOOKEEPER
  392, // QUERY_IS_PROHIBITED
  701, // CLUSTER_DOESNT_EXIST
])

/** What a failure of a shard carries: others may have their rows of the block, so it must come again as it is. */
const atShard = 'Insertion status:'

/** The failure of an insert or a migration, as the interface has it. */
export function insertFailure(error: unknown, what: string): ConnectorError {
  if (error instanceof ConnectorError) return error
  const code = codeOf(error)
  const message = messageOf(error)
  if (code !== undefined && strangers.has(code)) return stranger(message, error)
  if (code !== undefined && forbidden.has(code))
    return new ConnectorError(
      'UNAUTHORIZED',
      `${what}: ${message}; grant it to the user in olap.username, whose profile must not be readonly`,
      { cause: error },
    )
  if (code !== undefined && noCluster.has(code))
    return new ConnectorError(
      'MISCONFIGURED',
      `${what}: ${message}; olap.cluster must be a cluster that the server knows, with Keeper, or empty`,
      { cause: error },
    )
  const faulty = code !== undefined && dataAtFault.has(code) && !String(error).includes(atShard)
  return new ConnectorError(faulty ? 'QUERY_REFUSED' : 'UNAVAILABLE', `${what}: ${message}`, { cause: error })
}

/** The failure of a query. */
export function queryFailure(error: unknown): ConnectorError {
  if (error instanceof ConnectorError) return error
  const code = codeOf(error)
  const message = messageOf(error)
  if (code !== undefined && strangers.has(code)) return stranger(message, error)
  if (code === undefined || engineAtFault.has(code))
    return new ConnectorError('UNAVAILABLE', `the OLAP engine does not answer: ${message}`, { cause: error })
  return new ConnectorError(pastLimit.has(code) ? 'QUERY_LIMIT' : 'QUERY_REFUSED', message, { cause: error })
}

const stranger = (message: string, cause: unknown) =>
  new ConnectorError(
    'UNAUTHORIZED',
    `the OLAP server refuses the user: ${message}; check olap.username and olap.password`,
    { cause },
  )

/** ClickHouse's own number; undefined where the failure isn't ClickHouse's. */
function codeOf(error: unknown): number | undefined {
  const code = Number((error as { code?: unknown }).code)
  return Number.isInteger(code) ? code : undefined
}

/** ClickHouse's words without its wrapping, short enough for a person. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message
    .replaceAll(/Code: \d+\. DB::Exception: /g, '')
    .replaceAll(/ \(version [^)]*\)/g, '')
    .trim()
    .slice(0, 500)
}
