import { configKeys } from './keys.ts'

/**
 * A part of the configuration as it may be shown: every secret, and the password in an address, is "…".
 * @param at where the part lies, as dotted keys lead there
 */
export function masked(value: unknown, at: readonly PropertyKey[] = []): unknown {
  const keys = configKeys()
  const walk = (part: unknown, key: string): unknown => {
    if (keys.get(key)?.writeOnly) return part === undefined || part === '' ? part : '…'
    if (Array.isArray(part)) return part.map((item) => walk(item, `${key}.*`))
    if (typeof part === 'object' && part !== null)
      return Object.fromEntries(
        Object.entries(part).map(([name, inner]) => [
          name,
          walk(inner, key === '' ? name : `${key}.${name}`),
        ]),
      )
    return typeof part === 'string' ? part.replace(passwordInAddress, '$1…@') : part
  }
  return walk(value, at.join('.'))
}

const passwordInAddress = /(\/\/[^/:@\s]*:)[^/@\s]+@/g
