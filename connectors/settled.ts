/**
 * The results of all, in their order; but where one fails, only once none is under way any more: whoever then tries
 * again, or aborts, meets nothing of the first try.
 * @throws what the first of them threw that failed
 */
export async function settled<T>(work: Iterable<Promise<T>>): Promise<T[]> {
  const results: T[] = []
  for (const result of await Promise.allSettled(work)) {
    if (result.status === 'rejected') throw result.reason
    results.push(result.value)
  }
  return results
}
