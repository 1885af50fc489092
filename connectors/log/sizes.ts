import { ConnectorError } from '../errors.ts'
import { keyStart, type Records, valueEnd } from './records.ts'

/** What a processor makes of the largest record, its dead letter included, must fit too: it holds that record and more. */
export const outputRoom = 131_072

/** @throws RECORD_TOO_LARGE, naming the record */
export function checkSizes(records: Records, maxBytes: number): void {
  if (records.data.length <= maxBytes) return
  for (let i = 0; i < records.count; i++) {
    const bytes = valueEnd(records, i) - keyStart(records, i)
    if (bytes > maxBytes)
      throw new ConnectorError(
        'RECORD_TOO_LARGE',
        `record ${i} for topic "${records.topic}" has ${bytes} bytes, the limit is ${maxBytes}: store it elsewhere and send a reference`,
      )
  }
}
