// Generated from schemas/*.avsc by `npm run generate`. Change those instead.

import type { AvroSchema } from '../codec.ts'
import { utteranceSchema, cleanedSchema, understoodSchema, contextualisedSchema, processedSchema, replySchema, alertSchema, deadletterSchema } from './events.ts'

export interface CommittedSchema {
  readonly id: number
  readonly subject: string
  readonly version: number
  readonly schema: AvroSchema
}

/** Every version of every schema of the product that was ever committed. */
export const history: readonly CommittedSchema[] = [
  { id: 1, subject: 'utterances-value', version: 1, schema: utteranceSchema },
  { id: 2, subject: 'cleaned-value', version: 1, schema: cleanedSchema },
  { id: 3, subject: 'understood-value', version: 1, schema: understoodSchema },
  { id: 4, subject: 'contextualised-value', version: 1, schema: contextualisedSchema },
  { id: 5, subject: 'processed-value', version: 1, schema: processedSchema },
  { id: 6, subject: 'replies-value', version: 1, schema: replySchema },
  { id: 7, subject: 'alerts-value', version: 1, schema: alertSchema },
  { id: 8, subject: 'deadletters-value', version: 1, schema: deadletterSchema },
]
