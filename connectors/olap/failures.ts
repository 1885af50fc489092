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
  243, // NOT_ENOUGH_SPACE
  394, // QUERY_WAS_CANCELLED
  516, // AUTHENTICATION_FAILED
])

/** The failure of an insert or a migration, as the interface has it. */
export function insertFailure(error: unknown, what: string): ConnectorError {
  if (error instanceof ConnectorError) return error
  const code = codeOf(error)
  return new ConnectorError(
    code !== undefined && dataAtFault.has(code) ? 'QUERY_REFUSED' : 'UNAVAILABLE',
    `${what}: ${messageOf(error)}`,
    { cause: error },
  )
}

/** The failure of a query. */
export function queryFailure(error: unknown): ConnectorError {
  if (error instanceof ConnectorError) return error
  const code = codeOf(error)
  const message = messageOf(error)
  if (code === undefined || engineAtFault.has(code))
    return new ConnectorError('UNAVAILABLE', `the OLAP engine does not answer: ${message}`, { cause: error })
  return new ConnectorError(pastLimit.has(code) ? 'QUERY_LIMIT' : 'QUERY_REFUSED', message, { cause: error })
}

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
