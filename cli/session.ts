import type { Command } from 'commander'
import type { Config } from '../config.ts'
import { ConnectorError } from '../connectors/errors.ts'
import type { Olap } from '../connectors/olap/olap.ts'
import { openOlapAlone, openOlapToRead } from '../connectors/olap/open.ts'
import { prepareOlap } from '../connectors/olap/prepare.ts'
import { type Opened, openConnectors } from '../connectors/open.ts'
import { loadConfig } from '../load-config.ts'
import { topics } from '../schemas/topics.ts'
import { schemaIdIn } from '../streams/runtime/encoder.ts'
import { runningPipeline } from './running.ts'

/** The options that every command has. */
export interface GlobalOptions {
  readonly config?: string
  readonly data?: string
  readonly json?: boolean
}

/** What a command's flags say of the configuration, by dotted key; undefined: nothing. */
export type Flags = Readonly<Record<string, unknown>>

export function configOf(command: Command, flags: Flags = {}): Config {
  const { config: file, data } = command.optsWithGlobals<GlobalOptions>()
  const given = Object.entries({ data, ...flags }).filter(([, value]) => value !== undefined)
  return loadConfig({ file, flags: new Map(given) })
}

export const wantsJson = (command: Command): boolean => command.optsWithGlobals<GlobalOptions>().json === true

/** Opens the connectors for the time of some work. */
export async function withConnectors<T>(config: Config, work: (opened: Opened) => Promise<T>): Promise<T> {
  const opened = await openConnectors(config)
  try {
    return await work(opened)
  } finally {
    await opened.close()
  }
}

/** The same, with every topic of the product there. */
export const withTopics = <T>(config: Config, work: (opened: Opened) => Promise<T>): Promise<T> =>
  withConnectors(config, async (opened) => {
    await opened.createTopics(topics.map(({ name }) => name))
    return work(opened)
  })

/** Makes the topics and schemas of the product. Several processes may do so at the same time. */
export async function prepare({ createTopics, registry }: Opened): Promise<void> {
  await createTopics(topics.map(({ name }) => name))
  for (const topic of topics) await schemaIdIn(registry, topic)
}

/** Opens the tables for some work: the server, what a process of this folder has open or, where none does, the folder. */
export async function withOlap<T>(config: Config, work: (olap: Olap) => Promise<T>): Promise<T> {
  const served = config.olap.driver === 'clickhouse' || runningPipeline(config.data) !== undefined
  const olap = served ? openOlapToRead(config) : await openOlapFolder(config)
  try {
    return await work(olap)
  } finally {
    await olap.close()
  }
}

async function openOlapFolder(config: Config): Promise<Olap> {
  const olap = openOlapAlone(config)
  try {
    await prepareOlap(olap, config.olap)
    return olap
  } catch (error) {
    await olap.close()
    // A sink that was started by itself has the folder, and serves it
    if (error instanceof ConnectorError && error.code === 'OLAP_BUSY') return openOlapToRead(config)
    throw error
  }
}

/** A signal that aborts at the first Ctrl-C or SIGTERM; at the second the process ends at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130)
      controller.abort()
    })
  }
  return controller.signal
}
