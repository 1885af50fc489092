import { isUtf8 } from 'node:buffer'
import avro from 'avsc'

/** Checks that `data` holds exactly one value between two positions. @throws RangeError that names the field */
export type Guard = (data: Buffer, start: number, end: number) => void

/** Walks over one value; a value that doesn't fit throws. */
type Walk = () => void

// Where the walk stands. It is synchronous, so one is enough, and no step has to hand a position back.
let data: Buffer = Buffer.alloc(0)
let at = 0
let end = 0

/**
 * Builds the check that stands before avsc's decoder, which trusts its bytes: it would put U+FFFD for what is
 * not UTF-8, and would loop over whatever count of items a damaged byte claims.
 */
export function guard(type: avro.Type): Guard {
  const walk = walkOf(type, new Map())
  return (buffer, from, to) => {
    data = buffer
    at = from
    end = to
    walk()
    if (at !== end) throw new RangeError(`${end - at} bytes follow the value`)
  }
}

function walkOf(type: avro.Type, known: Map<avro.Type, Walk>): Walk {
  const found = known.get(type)
  if (found) return found
  known.set(type, () => known.get(type)?.()) // for a type that holds itself
  const walk = build(type, (inner) => walkOf(inner, known))
  known.set(type, walk)
  return walk
}

function build(type: avro.Type, of: (inner: avro.Type) => Walk): Walk {
  const { types } = avro
  if (type instanceof types.RecordType) return record(type, of)
  if (type instanceof types.ArrayType) return blocks(of(type.itemsType))
  if (type instanceof types.MapType) {
    const value = of(type.valuesType)
    return blocks(() => {
      text()
      value()
    })
  }
  if (type instanceof types.UnwrappedUnionType || type instanceof types.WrappedUnionType) {
    const branches = type.types.map(of)
    return () => (branches[index(branches.length)] as Walk)()
  }
  if (type instanceof types.EnumType) return () => void index(type.symbols.length)
  if (type instanceof types.FixedType) return () => skip(type.size)
  return primitives[type.typeName as keyof typeof primitives]
}

const primitives = {
  null: () => {},
  boolean: () => skip(1),
  int: () => void long(),
  long: () => void long(),
  float: () => skip(4),
  double: () => skip(8),
  bytes: () => skip(length()),
  string: text,
} satisfies Record<string, Walk>

function record(type: avro.types.RecordType, of: (inner: avro.Type) => Walk): Walk {
  const fields = type.fields.map(({ name, type }) => ({ name, walk: of(type) }))
  return () => {
    let i = 0
    try {
      for (; i < fields.length; i++) (fields[i] as { walk: Walk }).walk()
    } catch (error) {
      throw new RangeError(`${fields[i]?.name}: ${(error as Error).message}`)
    }
  }
}

/** An array's items or a map's entries: blocks of a count (negative: a size follows), until a count of 0. */
function blocks(item: Walk): Walk {
  return () => {
    for (let count = long(); count !== 0; count = long()) {
      if (count < 0) long()
      let left = Math.abs(count)
      if (left > end - at) throw new RangeError(`the value is cut short: ${left} items announced`)
      for (; left > 0; left--) item()
    }
  }
}

function text() {
  const bytes = length()
  const from = at
  skip(bytes)
  if (bytes <= shortText && isAscii(from)) return
  if (!isUtf8(data.subarray(from, at))) throw new RangeError('the bytes are not UTF-8')
}

/** Up to so many bytes, looking at each is quicker than the call to `isUtf8`. */
const shortText = 24

function isAscii(from: number): boolean {
  for (let i = from; i < at; i++) if ((data[i] as number) > 0x7f) return false
  return true
}

function skip(bytes: number) {
  at += bytes
  if (at > end) throw new RangeError(`the value is cut short by ${at - end} bytes`)
}

function length(): number {
  const bytes = long()
  if (bytes < 0) throw new RangeError(`a length of ${bytes}`)
  return bytes
}

function index(count: number): number {
  const found = long()
  if (found < 0 || found >= count) throw new RangeError(`choice ${found} of ${count}`)
  return found
}

/** A zigzag varint of at most ten bytes. */
function long(): number {
  let value = 0
  for (let i = 0, scale = 1; i < 10; i++, scale *= 128) {
    if (at >= end) throw new RangeError('the value is cut short')
    const byte = data[at++] as number
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  throw new RangeError('a number of more than ten bytes')
}
