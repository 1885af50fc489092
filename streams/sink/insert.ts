import { ConnectorError } from '../../connectors/errors.ts'
import { offsetAt } from '../../connectors/log/records.ts'
import type { Range } from './promises.ts'
import type { Row } from './rows.ts'

/**
 * Inserts rows, and halves what the engine refuses for its data until the rows at fault are alone. Which
 * ranges are tried follows from the data, so after a crash the same ones come again.
 * @param write inserts rows under a token made of their range; fails with QUERY_REFUSED for data at fault
 * @param refused told of each row at fault; throws where there are too many
 */
export async function insertRows(
  rows: readonly Row[],
  range: Range,
  write: (rows: readonly Row[], range: Range) => Promise<void>,
  refused: (row: Row, reason: string) => void,
): Promise<void> {
  try {
    await write(rows, range)
  } catch (error) {
    if (!(error instanceof ConnectorError && error.code === 'QUERY_REFUSED')) throw error
    if (rows.length === 1) return refused(rows[0] as Row, error.message)
    const middle = rows.length >> 1
    for (const half of [rows.slice(0, middle), rows.slice(middle)])
      await insertRows(half, rangeOf(half), write, refused)
  }
}

const rangeOf = (rows: readonly Row[]): Range => ({
  first: offsetOf(rows[0] as Row),
  last: offsetOf(rows.at(-1) as Row),
})

const offsetOf = ({ records, index }: Row): number => offsetAt(records, index)
