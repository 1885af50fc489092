/**
 * A batch of raw records of one partition: the unit in which everything below the stages moves.
 * All keys and values lie back to back in one buffer, so that a driver allocates nothing per record.
 */
export interface Records {
  readonly topic: string
  readonly partition: number
  readonly count: number
  /** Offset of the first record. */
  readonly baseOffset: number
  /** Offsets of each record where they have gaps; otherwise record i has `baseOffset + i`. */
  readonly offsets?: Float64Array | undefined
  /** Milliseconds since the epoch, one a record: when the event happened. */
  readonly timestamps: Float64Array
  /** Two ends a record, as byte positions in `data`: the key's, then the value's. A key starts where the value before it ends. */
  readonly ends: Uint32Array
  readonly data: Buffer
}

export const keyStart = (records: Records, index: number): number =>
  index === 0 ? 0 : (records.ends[2 * index - 1] as number)

export const valueStart = (records: Records, index: number): number => records.ends[2 * index] as number

export const valueEnd = (records: Records, index: number): number => records.ends[2 * index + 1] as number

export const keyAt = (records: Records, index: number): string =>
  records.data.toString('utf8', keyStart(records, index), valueStart(records, index))

/** A view into the batch, not a copy. */
export const valueAt = (records: Records, index: number): Buffer =>
  records.data.subarray(valueStart(records, index), valueEnd(records, index))

export const offsetAt = (records: Records, index: number): number =>
  records.offsets ? (records.offsets[index] as number) : records.baseOffset + index

/** The offset after the last record: what a consumer commits when it has done the batch. */
export const nextOffset = (records: Records): number =>
  records.count === 0 ? records.baseOffset : offsetAt(records, records.count - 1) + 1

/** Records `from` up to, but without, `to`. Shares the data, not the index. */
export function sliceRecords(records: Records, from: number, to: number): Records {
  if (from === 0 && to === records.count) return records
  const start = from < to ? keyStart(records, from) : 0
  const end = from < to ? valueEnd(records, to - 1) : 0
  return {
    topic: records.topic,
    partition: records.partition,
    count: to - from,
    baseOffset: from < records.count ? offsetAt(records, from) : nextOffset(records),
    offsets: records.offsets?.subarray(from, to),
    timestamps: records.timestamps.subarray(from, to),
    ends: records.ends.slice(2 * from, 2 * to).map((position) => position - start),
    data: records.data.subarray(start, end),
  }
}

/** Builds a batch for one partition. Reusable: `take` hands the batch over and starts the next. */
export class RecordsBuilder {
  #data = Buffer.allocUnsafe(4096)
  #ends = new Uint32Array(64)
  #timestamps = new Float64Array(32)
  #position = 0
  count = 0

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  get bytes(): number {
    return this.#position
  }

  add(key: string, value: Uint8Array, timestamp: number): void {
    this.addEncoded(key, timestamp, (data, position) => {
      if (position + value.length > data.length) return data.length - position - value.length
      data.set(value, position)
      return position + value.length
    })
  }

  /**
   * Lets the caller encode the value in place. `encode` returns the position after the value or, where the
   * buffer is too short, minus the number of bytes that are missing (avsc's convention); it is then called
   * again with more room.
   */
  addEncoded(key: string, timestamp: number, encode: (data: Buffer, position: number) => number): void {
    if (this.count === this.#timestamps.length) this.#growIndex()
    this.#reserve(key.length * 3)
    const start = this.#position + this.#data.write(key, this.#position)
    let end = encode(this.#data, start)
    while (end < 0) {
      this.#reserve(this.#data.length - this.#position - end)
      end = encode(this.#data, start)
    }
    this.#ends[2 * this.count] = start
    this.#ends[2 * this.count + 1] = end
    this.#timestamps[this.count] = timestamp
    this.#position = end
    this.count++
  }

  take(): Records {
    const { topic, partition, count } = this
    const records: Records = {
      topic,
      partition,
      count,
      baseOffset: 0,
      timestamps: this.#timestamps.subarray(0, count),
      ends: this.#ends.subarray(0, 2 * count),
      data: this.#data.subarray(0, this.#position),
    }
    this.#data = Buffer.allocUnsafe(Math.max(4096, this.#position))
    this.#ends = new Uint32Array(2 * Math.max(32, count))
    this.#timestamps = new Float64Array(Math.max(32, count))
    this.#position = 0
    this.count = 0
    return records
  }

  #reserve(bytes: number): void {
    const needed = this.#position + bytes
    if (needed <= this.#data.length) return
    const data = Buffer.allocUnsafe(Math.max(needed, 2 * this.#data.length))
    this.#data.copy(data)
    this.#data = data
  }

  #growIndex(): void {
    const ends = new Uint32Array(2 * this.#ends.length)
    ends.set(this.#ends)
    this.#ends = ends
    const timestamps = new Float64Array(2 * this.#timestamps.length)
    timestamps.set(this.#timestamps)
    this.#timestamps = timestamps
  }
}
