import type { Config } from '../config.ts'
import type { FloodSettings } from '../streams/runtime/flood.ts'
import type { ProcessorSettings } from '../streams/runtime/processor.ts'

/** How a processor is configured to run. */
export const processorSettings = (
  name: string,
  config: Config,
): ProcessorSettings & { readonly flood: FloodSettings } => {
  const { maxRecords, linger } = config.processors[name] as Config['processors'][string]
  const { maxShare, window, minimum } = config.deadletters
  return {
    maxRecords,
    lingerMs: linger,
    minRecords: linger > 0 ? maxRecords : 1,
    flood: { maxShare, windowMs: window, minimum },
  }
}
