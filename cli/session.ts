import type { Command } from 'commander'
import type { Config } from '../config.ts'
import type { Olap } from '../connectors/olap/olap.ts'
import { openOlapAlone, openOlapToRead } from '../connectors/olap/open.ts'
import { type Opened, openConnectors } from '../connectors/open.ts'
import { loadConfig } from '../load-config.ts'
import { migrations } from '../schemas/generated/clickhouse.ts'
import { topics } from '../schemas/topics.ts'
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

/** Opens the connectors, with every topic of the product there, for the time of some work. */
export async function withConnectors<T>(config: Config, work: (opened: Opened) => Promise<T>): Promise<T> {
  const opened = openConnectors(config)
  try {
    await opened.createTopics(topics.map(({ name }) => name))
    return await work(opened)
  } finally {
    await opened.close()
  }
}

/** Opens the tables for some work: those that the running pipeline has open or, where none runs, the folder itself. */
export async function withOlap<T>(config: Config, work: (olap: Olap) => Promise<T>): Promise<T> {
  const running = runningPipeline(config.data) !== undefined
  const olap = running ? openOlapToRead(config) : openOlapAlone(config)
  try {
    if (!running) await olap.migrate(migrations)
    return await work(olap)
  } finally {
    await olap.close()
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
