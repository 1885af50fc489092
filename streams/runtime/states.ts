import { ConnectorError } from '../../connectors/errors.ts'
import type { Entry, Fence, Scope, Store, Version } from '../../connectors/store/store.ts'
import type { Stage, StateSettings, States } from '../stage.ts'

/** One key's state: as committed, and as the batch in hand has left it. */
interface Cell {
  readonly key: string
  readonly partition: number
  version: Version
  committed: unknown
  committedAt: number
  state: unknown
  touchedAt: number
  dirty: boolean
}

const none = Symbol('no state yet')

/**
 * The keyed state of one processor. Partitions are owned one at a time between processes, so what was loaded or
 * written once is kept in memory (least recently used goes first) and the store is asked only for the rest.
 */
export class KeyedStates {
  readonly #owned = new Map<number, { fence: Fence; committed: number }>()
  readonly #cells = new Map<string, Cell>()
  /** The cells of the batch in hand: never evicted. */
  #touched = new Set<Cell>()
  #saved = new Map<number, Entry[]>()

  constructor(
    private readonly store: Store,
    private readonly stages: readonly Stage[],
    private readonly cacheSize = 8_000,
  ) {}

  /**
   * Takes a partition over at its committed offset.
   * @param partitions how many the topic has now
   */
  async assign(scope: Scope, committed: number, partitions: number): Promise<void> {
    if (this.stages.length === 0) return
    this.#owned.set(scope.partition, { fence: await this.store.claim(scope, partitions), committed })
  }

  revoke(partition: number): void {
    this.#owned.delete(partition)
    for (const [id, cell] of this.#cells) if (cell.partition === partition) this.#cells.delete(id)
  }

  /** Brings the states of these keys, and of the partition, into memory: one round trip, if any is missing. */
  async load(partition: number, keys: ReadonlySet<string>): Promise<void> {
    if (this.stages.length === 0) return
    const missing: string[] = []
    const want = (id: string) => {
      const cell = this.#cells.get(id)
      if (cell) {
        this.#cells.delete(id)
        this.#cells.set(id, cell)
        this.#touched.add(cell)
      } else missing.push(id)
    }
    for (const { name, state } of this.stages) {
      if (state?.scope === 'partition') want(`${name}/${partition}`)
      else for (const key of keys) want(`${name}/${key}`)
    }
    if (missing.length === 0) return
    const { fence, committed } = this.#owner(partition)
    const versions = await this.store.load(fence, committed, missing)
    for (const [index, id] of missing.entries()) {
      const version = versions[index] as Version
      const [touchedAt, state] = version.value
        ? (JSON.parse(Buffer.from(version.value).toString()) as [number, unknown])
        : [0, none]
      const cell = {
        key: id,
        partition,
        version,
        committed: state,
        committedAt: touchedAt,
        state,
        touchedAt,
        dirty: false,
      }
      this.#cells.set(id, cell)
      this.#touched.add(cell)
    }
  }

  /** The view of one stage. */
  of(stage: Stage): States {
    const settings = stage.state as StateSettings<unknown>
    const cellOf = (key: string): Cell => {
      const cell = this.#cells.get(`${stage.name}/${key}`)
      if (cell) return cell
      throw new Error(
        `stage "${stage.name}" wants the state of key "${key}", which no input of this batch has: put the stage that changes keys into an earlier processor`,
      )
    }
    return {
      get(key, timestamp) {
        const { state, touchedAt } = cellOf(key)
        const expired = settings.expireAfterMs !== undefined && timestamp > touchedAt + settings.expireAfterMs
        return state === none || expired ? settings.initial() : state
      },
      set(key, state, timestamp) {
        const cell = cellOf(key)
        cell.state = state
        cell.touchedAt = Math.max(timestamp, cell.state === none ? 0 : cell.touchedAt)
        cell.dirty = true
      },
    }
  }

  /** Forgets what the batch in hand has changed, so that it can be run again. */
  reset(): void {
    for (const cell of this.#touched) {
      cell.state = cell.committed
      cell.touchedAt = cell.committedAt
      cell.dirty = false
    }
  }

  /**
   * Saves what the batch changed.
   * @param ends the offset after the batch's last record, by partition
   */
  async save(ends: ReadonlyMap<number, number>): Promise<(() => void) | undefined> {
    const entries = new Map<number, Entry[]>()
    const expiry = new Map(this.stages.map(({ name, state }) => [name, state?.expireAfterMs]))
    for (const cell of this.#touched) {
      if (!cell.dirty) continue
      const offset = (ends.get(cell.partition) as number) - 1
      const next = { offset, value: Buffer.from(JSON.stringify([cell.touchedAt, cell.state])) }
      const expireAfterMs = expiry.get(cell.key.slice(0, cell.key.indexOf('/')))
      const list = entries.get(cell.partition) ?? []
      list.push({ key: cell.key, next, previous: cell.version, expireAfterMs })
      entries.set(cell.partition, list)
    }
    this.#saved = entries
    const saves = [...entries].map(([partition, list]) => this.store.save(this.#owner(partition).fence, list))
    const enlisted: (() => void)[] = []
    for (const saved of await Promise.allSettled(saves)) {
      if (saved.status === 'rejected') throw saved.reason
      if (saved.value) enlisted.push(saved.value)
    }
    if (enlisted.length === 0) return undefined
    return () => {
      for (const write of enlisted) write()
    }
  }

  /** The batch is committed: what it left is what the next one starts from. */
  committed(ends: ReadonlyMap<number, number>): void {
    for (const [partition, end] of ends) {
      const owned = this.#owned.get(partition)
      if (owned) owned.committed = end
    }
    for (const list of this.#saved.values()) {
      for (const { key, next } of list) {
        const cell = this.#cells.get(key)
        if (!cell) continue
        cell.version = next
        cell.committed = cell.state
        cell.committedAt = cell.touchedAt
        cell.dirty = false
      }
    }
    this.done()
  }

  /** Ends the batch in hand, whatever became of it. */
  done(): void {
    this.reset()
    this.#touched = new Set()
    this.#saved = new Map()
    for (const id of this.#cells.keys()) {
      if (this.#cells.size <= this.cacheSize) break
      this.#cells.delete(id)
    }
  }

  #owner(partition: number): { fence: Fence; committed: number } {
    const owned = this.#owned.get(partition)
    if (!owned) throw new ConnectorError('FENCED', `partition ${partition} is no longer this processor's`)
    return owned
  }
}
