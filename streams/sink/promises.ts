import type { Committed } from '../../connectors/log/log.ts'

/** A block of a partition: from the committed offset of its time to its last record, both included. */
export interface Range {
  readonly first: number
  readonly last: number
}

/**
 * What the sink knows of a partition. A promised block has been recorded in the log, and may be in its table,
 * or not: it is inserted as it was promised, whatever the claims look like after a crash.
 */
export interface Progress {
  /** The committed offset. */
  readonly position: number
  readonly promised: readonly Range[]
  /** Blocks that end here, or before, are in their table for certain. */
  readonly written: number
}

/** @param written blocks that end here, or before, are noted as being in their table */
export const encodePromises = (ranges: readonly Range[], written: number): string =>
  JSON.stringify(ranges.map(({ first, last }) => (last <= written ? [first, last, 1] : [first, last])))

/** What a new owner of the partition starts from. */
export function resume({ offset, metadata }: Committed): Progress {
  const ranges = decode(metadata)
  const [start] = ranges
  // a promise from somewhere else: the group's position was moved since
  if (!start || start.first > offset) return { position: offset, promised: [], written: offset - 1 }
  const promised = ranges.filter(({ last }) => last >= offset)
  // that a block begins before the offset says nothing: the log moves a group past what nobody is to see
  const written = promised.findLast((one) => one.written)?.last ?? offset - 1
  return { position: offset, promised: promised.map(({ first, last }) => ({ first, last })), written }
}

/** The blocks that a claim up to `last` consists of: the promised ones as they are, then one of what is left. */
export function plan({ position, promised }: Progress, last: number): readonly Range[] {
  const first = (promised.at(-1)?.last ?? position - 1) + 1
  return last < first ? promised : [...promised, { first, last }]
}

/** After the commit of a claim up to `last`, whose blocks are all written. */
export const advance = (blocks: readonly Range[], last: number): Progress => ({
  position: last + 1,
  promised: blocks.filter((block) => block.last > last),
  written: Math.max(last, blocks.at(-1)?.last ?? last),
})

function decode(metadata: string | undefined): (Range & { readonly written: boolean })[] {
  if (!metadata) return []
  const found = JSON.parse(metadata) as [number, number, 1?][]
  return found.map(([first, last, written]) => ({ first, last, written: written === 1 }))
}
