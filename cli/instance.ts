import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { Config } from '../config.ts'

/**
 * The configuration for one part of a pipeline, with a name for its process that is the same after each restart, so
 * that Kafka gives its partitions back to it at once, and ends at once what it left open.
 * @param part such as `conversation-1`; unique on the data folder, which one pipeline has
 */
export function asPart(config: Config, part: string): Config {
  const { kafka } = config.log
  const instance = `${kafka.instance ?? pipelineName(config.data)}-${part}`
  return { ...config, log: { ...config.log, kafka: { ...kafka, instance } } }
}

function pipelineName(data: string): string {
  const folder = createHash('sha256').update(resolve(data)).digest('hex').slice(0, 8)
  return `${hostname().replaceAll(/[^\w.-]/g, '_')}-${folder}`
}
