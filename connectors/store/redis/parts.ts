/** The items in order, in parts of at most so many bytes; one that is larger goes alone. */
export function* parts<T>(
  items: readonly T[],
  maxBytes: number,
  bytesOf: (item: T) => number,
): Generator<readonly T[]> {
  let from = 0
  let bytes = 0
  for (const [index, item] of items.entries()) {
    const own = bytesOf(item)
    if (index > from && bytes + own > maxBytes) {
      yield items.slice(from, index)
      from = index
      bytes = 0
    }
    bytes += own
  }
  if (from < items.length) yield from === 0 ? items : items.slice(from)
}
