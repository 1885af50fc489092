import type { Request } from './connection.ts'
import type { ScopeKeys } from './keys.ts'
import { argumentBytes, RequestBuilder } from './requests.ts'

/** Reads the fence and the keys, all at one moment. */
export function loadRequest({ fence, prefix }: ScopeKeys, keys: readonly string[]): Request {
  let bytes = argumentBytes(fence.length)
  for (const key of keys) bytes += keyBytes(prefix, key)
  const request = new RequestBuilder('mget', 1 + keys.length, bytes)
  request.text(fence)
  for (const key of keys) request.key(prefix, key)
  return { name: 'mget', args: [fence], bytes: request.take() }
}

/** What a key takes in a request, in bytes. */
export const keyBytes = (prefix: Buffer, key: string): number =>
  argumentBytes(prefix.length + Buffer.byteLength(key))
