import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { jumpingClock } from '../../cli/jumping-clock.ts'
import { freePorts, host } from '../../servers/ports.ts'
import { Part } from './part.ts'
import type { Processes } from './processes.ts'
import { type Role, roles } from './schedule.ts'

const instances: Record<Role, number> = { conversation: 2, sink: 2, gateway: 2, ingest: 1 }

/** The product as several processes apart: processors in groups, gateways, and an ingest of a file that grows. */
export class Deployment {
  readonly #parts = new Map<string, Part>()
  /** Parts that a fault is at work on. */
  readonly #busy = new Set<Part>()

  private constructor(
    private readonly processes: Processes,
    private readonly folder: string,
    private readonly input: string,
    private readonly ports: readonly number[],
  ) {}

  static async start(processes: Processes, folder: string, input: string): Promise<Deployment> {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'clock.mjs'), jumpingClock)
    const deployment = new Deployment(processes, folder, input, await freePorts(instances.gateway))
    for (const role of roles)
      for (let number = 1; number <= instances[role]; number++) deployment.add(role, number)
    return deployment
  }

  /** Of the gateways. */
  get addresses(): readonly string[] {
    return this.ports.map((port) => `http://${host}:${port}`)
  }

  get parts(): readonly Part[] {
    return [...this.#parts.values()]
  }

  /** What the processors said last, for people. */
  health(): string {
    return this.parts
      .map(({ name, health }) => `${name}: ${health?.state ?? '?'} ${health?.reason ?? ''}`)
      .join(', ')
  }

  add(role: Role, number: number): Part {
    const name = `${role}-${number}`
    const part = new Part(this.processes, {
      name,
      args: this.#command(role, number),
      env: {
        NODE_OPTIONS: `--import ${join(this.folder, 'clock.mjs')}`,
        ...(role === 'ingest' ? {} : { MURMUR_LOG_KAFKA_INSTANCE: name }),
      },
      log: join(this.folder, `${name}.log`),
    })
    this.#parts.set(name, part)
    return part
  }

  find(name: string): Part | undefined {
    return this.#parts.get(name)
  }

  async remove(part: Part): Promise<void> {
    this.#parts.delete(part.name)
    await part.stop()
  }

  /**
   * Works on one part of that role that no other fault is at work on, and that does not come and go; waits for it.
   * @param random 0 to 1
   */
  async alone<T>(role: Role, random: number, work: (part: Part) => Promise<T>): Promise<T> {
    for (;;) {
      const free = Array.from({ length: instances[role] }, (_, index) =>
        this.find(`${role}-${index + 1}`),
      ).filter((part) => part && !this.#busy.has(part))
      const part = free[Math.floor(random * free.length)]
      if (!part) {
        await sleep(20)
        continue
      }
      this.#busy.add(part)
      try {
        return await work(part)
      } finally {
        this.#busy.delete(part)
      }
    }
  }

  /** Stops those of a role, or all, in the order in which utterances come through them. */
  async stop(role?: Role): Promise<void> {
    for (const one of role ? [role] : roles.toReversed())
      await Promise.all(
        this.parts.filter(({ name }) => name.startsWith(one)).map((part) => this.remove(part)),
      )
  }

  /** SIGKILL to all that run, for good. */
  abandon(): void {
    for (const part of this.parts) part.abandon()
  }

  #command(role: Role, number: number): readonly string[] {
    if (role === 'ingest') return ['ingest', this.input, '--follow']
    const port = role === 'gateway' ? ['--port', String(this.ports[number - 1])] : []
    return ['start', '--only', role, ...port]
  }
}
