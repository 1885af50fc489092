/** Remembers the values that were asked for last: so many. */
export class Cache<V> {
  readonly #values = new Map<string, V>()

  constructor(private readonly size: number) {}

  get(key: string): V | undefined {
    const value = this.#values.get(key)
    if (value === undefined) return undefined
    // A Map keeps the order of insertion: the first is the one that nobody has asked for the longest
    this.#values.delete(key)
    this.#values.set(key, value)
    return value
  }

  set(key: string, value: V): void {
    this.#values.delete(key)
    this.#values.set(key, value)
    if (this.#values.size <= this.size) return
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest)
      return
    }
  }
}
