import { ConnectorError } from '../../connectors/errors.ts'
import { settled } from '../../connectors/settled.ts'
import type { Entry, Fence, Scope, Store, Version } from '../../connectors/store/store.ts'
import type { Stage, StateSettings, States } from '../stage.ts'

/** One key's state: as committed, and as the batch in hand has left it. */
interface Cell {
  /** As the store knows it: the stage's name and the key. */
  readonly id: string
  readonly settings: StateSettings<unknown>
  readonly partition: number
  version: Version
  committed: unknown
  committedAt: number
  state: unknown
  touchedAt: number
  dirty: boolean
  /** A version that nothing committed stands in the store: it must be overwritten, also where the batch leaves the key alone. */
  doubtful: boolean
  /** The last batch that wanted it. */
  batch: number
}

const none = Symbol('no state yet')

/** What so many of the last batches wanted is kept before the rest. */
const lately = 8

/**
 * The keyed state of one processor. Partitions are owned one at a time between processes, so what was loaded or
 * written once is kept in memory (what was not wanted lately goes first) and the store is asked only for the rest.
 */
export class KeyedStates {
  readonly #owned = new Map<number, { fence: Fence; committed: number }>()
  /** By stage, then by key. */
  readonly #cells = new Map<string, Map<string, Cell>>()
  /** The cells of the batch in hand: never evicted. */
  #touched: Cell[] = []
  #saved: { readonly cell: Cell; readonly next: Version }[] = []
  #batch = 1

  constructor(
    private readonly store: Store,
    private readonly stages: readonly Stage[],
    private readonly cacheSize = 8_000,
  ) {
    for (const { name } of stages) this.#cells.set(name, new Map())
  }

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
    for (const cells of this.#cells.values())
      for (const [key, cell] of cells) if (cell.partition === partition) cells.delete(key)
  }

  /** Brings the states of these keys, and of the partition, into memory: one round trip, if any is missing. */
  async load(partition: number, keys: ReadonlySet<string>): Promise<void> {
    if (this.stages.length === 0) return
    const missing: { readonly stage: Stage; readonly key: string }[] = []
    for (const stage of this.stages) {
      const cells = this.#cellsOf(stage)
      for (const key of stage.state?.scope === 'partition' ? [String(partition)] : keys) {
        const cell = cells.get(key)
        if (cell) this.#touch(cell)
        else missing.push({ stage, key })
      }
    }
    if (missing.length === 0) return
    const { fence, committed } = this.#owner(partition)
    const ids = missing.map(({ stage, key }) => `${stage.name}/${key}`)
    const versions = await this.store.load(fence, committed, ids)
    for (const [index, { stage, key }] of missing.entries()) {
      const version = versions[index] as Version
      const [touchedAt, state] = version.value
        ? (JSON.parse(Buffer.from(version.value).toString()) as [number, unknown])
        : [0, none]
      const cell: Cell = {
        id: ids[index] as string,
        settings: stage.state as StateSettings<unknown>,
        partition,
        version,
        committed: state,
        committedAt: touchedAt,
        state,
        touchedAt,
        dirty: false,
        doubtful: version.shadowed === true,
        batch: 0,
      }
      this.#cellsOf(stage).set(key, cell)
      this.#touch(cell)
    }
  }

  /** The view of one stage. */
  of(stage: Stage): States {
    const settings = stage.state as StateSettings<unknown>
    const cells = this.#cellsOf(stage)
    const cellOf = (key: string): Cell => {
      const cell = cells.get(key)
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
   * Saves what the batch changed, and puts right what a try of it saved that never committed: another try may
   * refuse a message, and leave alone what that one had changed.
   * @param ends the offset after the batch's last record, by partition
   */
  async save(ends: ReadonlyMap<number, number>): Promise<(() => void) | undefined> {
    const entries = new Map<number, Entry[]>()
    this.#saved = []
    for (const cell of this.#touched) {
      if (!cell.dirty && !cell.doubtful) continue
      const next = cell.dirty ? changed(cell, (ends.get(cell.partition) as number) - 1) : cell.version
      cell.doubtful = true
      const entry = { key: cell.id, next, previous: cell.version, expireAfterMs: cell.settings.expireAfterMs }
      const list = entries.get(cell.partition)
      if (list) list.push(entry)
      else entries.set(cell.partition, [entry])
      this.#saved.push({ cell, next })
    }
    const saves = [...entries].map(([partition, list]) => this.store.save(this.#owner(partition).fence, list))
    const enlisted = (await settled(saves)).filter((write) => write !== undefined)
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
    for (const { cell, next } of this.#saved) {
      cell.version = next
      cell.committed = cell.state
      cell.committedAt = cell.touchedAt
      cell.dirty = false
      cell.doubtful = false
    }
    this.done()
  }

  /** Ends the batch in hand, whatever became of it. */
  done(): void {
    this.reset()
    this.#touched = []
    this.#saved = []
    for (const cells of this.#cells.values()) this.#evict(cells)
    this.#batch++
  }

  #touch(cell: Cell): void {
    if (cell.batch === this.#batch) return
    cell.batch = this.#batch
    this.#touched.push(cell)
  }

  /** The oldest go first, but what was wanted lately gets a second chance. */
  #evict(cells: Map<string, Cell>): void {
    for (const [key, cell] of cells) {
      if (cells.size <= this.cacheSize) return
      cells.delete(key)
      if (cell.batch < this.#batch - lately) continue
      cell.batch = 0
      cells.set(key, cell)
    }
  }

  #cellsOf({ name }: Stage): Map<string, Cell> {
    return this.#cells.get(name) as Map<string, Cell>
  }

  #owner(partition: number): { fence: Fence; committed: number } {
    const owned = this.#owned.get(partition)
    if (!owned) throw new ConnectorError('FENCED', `partition ${partition} is no longer this processor's`)
    return owned
  }
}

const changed = ({ touchedAt, state }: Cell, offset: number): Version => ({
  offset,
  value: Buffer.from(JSON.stringify([touchedAt, state])),
})
