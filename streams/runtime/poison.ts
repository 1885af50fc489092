/**
 * Finds the messages that make a batch fail, by bisection: a half that passes is innocent, a half that fails is
 * halved again. Needs about 2·k·log2(n) trials for k culprits among n.
 * @param fails runs part of the batch without any effect, and tells what it threw, or nothing
 * @returns the culprits with their errors
 */
export async function findPoison<T>(
  items: readonly T[],
  fails: (part: readonly T[]) => Promise<unknown>,
): Promise<Map<T, unknown>> {
  const error = items.length === 0 ? undefined : await fails(items)
  if (error === undefined) return new Map()
  const [only] = items
  if (items.length === 1 && only !== undefined) return new Map([[only, error]])
  const middle = items.length >> 1
  const left = await findPoison(items.slice(0, middle), fails)
  const right = await findPoison(items.slice(middle), fails)
  return new Map([...left, ...right])
}
