import type { Entry, Fence } from '../store.ts'
import { lifetimeOf, versionsBytes, writeVersions } from '../versions.ts'
import type { Request } from './connection.ts'
import type { Saves } from './fence.ts'
import type { ScopeKeys } from './keys.ts'
import { argumentBytes, RequestBuilder } from './requests.ts'
import { saveScript } from './scripts.ts'

/** Writes the entries if the fence allows it. */
export function saveRequest(
  { fence, prefix }: ScopeKeys,
  { token }: Fence,
  { acknowledged, sent }: Saves,
  entries: readonly Entry[],
): Request {
  const lifetimes = lifetimesOf(entries)
  const texts = [token, acknowledged, sent, lifetimes].map(String)
  let bytes = 200 + fence.length + lifetimes.length
  for (const entry of entries) bytes += entryBytes(prefix, entry)
  const request = new RequestBuilder('evalsha', 3 + 4 + 2 * entries.length, bytes)
  request.text(saveScript.sha)
  request.text(String(entries.length + 1))
  request.text(fence)
  for (const { key } of entries) request.key(prefix, key)
  for (const text of texts) request.text(text)
  const now = Date.now()
  for (const entry of entries)
    request.bytes(versionsBytes(entry), (target, at) =>
      writeVersions(target, at, entry, now + lifetimeOf(entry)),
    )
  return {
    name: 'evalsha',
    args: [saveScript.sha, '1', fence],
    bytes: request.take(),
    script: saveScript,
  }
}

/** What an entry takes in a request, in bytes. */
export const entryBytes = (prefix: Buffer, entry: Entry): number =>
  argumentBytes(prefix.length + Buffer.byteLength(entry.key)) + argumentBytes(versionsBytes(entry))

/** Pairs: so many entries in a row, so many milliseconds; 0 for ever. */
function lifetimesOf(entries: readonly Entry[]): string {
  const pairs: string[] = []
  let count = 0
  let lifetime = 0
  for (const entry of entries) {
    const own = lifetimeOf(entry)
    if (own !== lifetime && count > 0) {
      pairs.push(pair(count, lifetime))
      count = 0
    }
    lifetime = own
    count++
  }
  pairs.push(pair(count, lifetime))
  return pairs.join(' ')
}

const pair = (count: number, lifetime: number): string =>
  `${count} ${lifetime === Number.POSITIVE_INFINITY ? 0 : Math.max(1, Math.ceil(lifetime))}`
