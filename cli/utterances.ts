import type { Opened } from '../connectors/open.ts'
import type { Source } from '../connectors/sources/source.ts'
import { deadletters, utterances } from '../schemas/topics.ts'
import { type Ingested, type IngestOptions, ingest } from '../streams/ingest/ingest.ts'
import { compileMapping } from '../streams/ingest/mapping.ts'
import { destinationsOf } from '../streams/runtime/encoder.ts'

/** Ingests a source into the product's topics. */
export async function ingestUtterances(
  source: Source,
  map: readonly string[],
  { log, registry }: Pick<Opened, 'log' | 'registry'>,
  options: Pick<IngestOptions, 'signal' | 'ratePerSecond' | 'onProgress'>,
): Promise<Ingested> {
  const mapping = compileMapping(map, { source: source.id })
  return ingest({
    ...options,
    source,
    mapping,
    log,
    now: Date.now(),
    destinations: await destinationsOf(log, registry, [utterances, deadletters]),
  })
}
