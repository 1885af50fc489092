// The record batch of Kafka's message format 2: https://kafka.apache.org/documentation/#recordbatch

export const headerBytes = 61
export const transactionalBit = 0x10
export const controlBit = 0x20

/**
 * The broker counts retention from a record's timestamp. An event of long ago would be removed at once, one of the
 * far future is refused; their timestamp is the time of writing, and when they happened stands in this header.
 */
export const happenedHeader = 0x74

/** For a few bytes a loop is quicker than the call into the runtime. */
export function copy(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  if (end - start > 32) from.copy(to, at, start, end)
  else for (let i = start, j = at; i < end; i++, j++) to[j] = from[i] as number
  return at + end - start
}
