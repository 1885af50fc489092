import type { Cluster, Command, Redis } from 'ioredis'
import { redisFailure } from './failures.ts'
import { addressOf, clusterOptions, defaults, type RedisStoreOptions, redisOptions } from './options.ts'
import type { Script } from './scripts.ts'

/** A command; where `bytes` are given they are what is sent, and `args` only say which node has the key. */
export interface Request {
  readonly name: string
  readonly args: readonly string[]
  readonly bytes?: Buffer
  /** The script that it runs by its sha. */
  readonly script?: Script
}

type NewCommand = new (...args: ConstructorParameters<typeof Command>) => Command

/**
 * The client library, made to fail soon: whatever can't be done within the time-out fails, and nothing is tried
 * again here, but for a cluster's redirections. Connects on first use, and again by itself.
 */
export class RedisConnection {
  readonly #address: string
  readonly #timeoutMs: number
  #opened: Promise<{ client: Redis | Cluster; Command: NewCommand }> | undefined
  #readying: Promise<void> | undefined
  /** Why there is no connection. */
  #trouble: Error | undefined

  constructor(private readonly options: RedisStoreOptions) {
    this.#address = addressOf(options)
    this.#timeoutMs = options.timeoutMs ?? defaults.timeoutMs
  }

  /**
   * Sends the requests together to the node that has their keys, and returns the answers; strings are buffers.
   * @throws UNAVAILABLE, UNAUTHORIZED, STORE_FULL; of some of the requests it may then be unknown whether they were done
   */
  exchange(doing: string, requests: readonly Request[]): Promise<unknown[]> {
    return this.#within(doing, async (client, Command) => {
      try {
        return await send(client, Command, requests)
      } catch (cause) {
        const { script } = requests.find(({ script }) => script) ?? {}
        if (!script || !(cause as Error).message.startsWith('NOSCRIPT')) throw cause
        const load = { name: 'script', args: ['LOAD', script.lua] }
        return (await send(client, Command, [load, ...requests])).slice(1)
      }
    })
  }

  /** What INFO says of each master, by its address; nothing where the user may not ask. */
  info(): Promise<ReadonlyMap<string, string>> {
    return this.#within('asking for its settings', async (client) => {
      const masters = 'nodes' in client ? client.nodes('master') : [client]
      const texts = await Promise.all(
        masters.map(async (node) => {
          const { host, port } = node.options
          return ['nodes' in client ? `${host}:${port}` : this.#address, await node.info()] as const
        }),
      ).catch((cause: Error) => {
        if (cause.message.startsWith('NOPERM')) return []
        throw cause
      })
      return new Map(texts)
    })
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined)
    opened?.client.disconnect()
  }

  async #within<T>(
    doing: string,
    work: (client: Redis | Cluster, Command: NewCommand) => Promise<T>,
  ): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(this.#trouble ?? new Error(`no answer within ${this.#timeoutMs} ms`)),
        this.#timeoutMs,
      )
    })
    try {
      return await Promise.race([late, this.#ready().then(({ client, Command }) => work(client, Command))])
    } catch (cause) {
      throw redisFailure(cause, this.#address, doing)
    } finally {
      clearTimeout(timer)
    }
  }

  async #ready() {
    this.#opened ??= this.#open()
    const opened = await this.#opened
    const { client } = opened
    if (client.status !== 'ready') {
      this.#readying ??= this.#becomeReady(client).finally(() => {
        this.#readying = undefined
      })
      await this.#readying
    }
    return opened
  }

  #becomeReady(client: Redis | Cluster): Promise<void> {
    return new Promise((resolve, reject) => {
      const ready = () => {
        client.off('close', closed)
        resolve()
      }
      const closed = () => {
        client.off('ready', ready)
        reject(this.#trouble ?? new Error('the connection was closed'))
      }
      client.once('ready', ready)
      client.once('close', closed)
      if (client.status === 'wait' || client.status === 'end') client.connect().catch(() => {})
    })
  }

  async #open() {
    const { Redis, Cluster, Command } = await import('ioredis')
    const { options } = this
    const client =
      options.mode === 'cluster'
        ? new Cluster(...clusterOptions(options))
        : options.mode !== 'sentinel' && options.url !== undefined
          ? new Redis(options.url, redisOptions(options))
          : new Redis(redisOptions(options))
    const trouble = (error: Error & { lastNodeError?: Error }) => {
      this.#trouble = error.lastNodeError ?? error
    }
    client.on('error', trouble)
    client.on('node error', trouble)
    client.on('ready', () => {
      this.#trouble = undefined
    })
    return { client, Command }
  }
}

async function send(client: Redis | Cluster, Command: NewCommand, requests: readonly Request[]) {
  const commands = requests.map(({ name, args, bytes }) => {
    const command = new Command(name, [...args])
    if (bytes) command.toWritable = () => bytes
    return command
  })
  if (commands.length === 1) return [await client.sendCommand(commands[0] as Command)]
  const pipeline = client.pipeline()
  const [key] = (commands[0] as Command).getKeys()
  // Not in the library's types, but it is what each of its commands does
  const { sendCommand } = pipeline as unknown as { sendCommand(this: unknown, command: Command): void }
  for (const command of commands) sendCommand.call(pipeline, command)
  return ((await pipeline.exec()) ?? []).map(([error, answer]) => {
    if (!error) return answer
    // A pipeline that was done in part is not redirected; a command is, and the next pipeline after it
    if (error.message.startsWith('MOVED') && key !== undefined) client.exists(key).catch(() => {})
    throw error
  })
}
