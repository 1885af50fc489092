import { Reader, Writer } from '@platformatic/kafka'
import type { Place } from '../assign.ts'
import { byTopic } from './places.ts'

// The consumer protocol inside the group protocol, version 1, so that Kafka's own tools can show who has what:
// https://kafka.apache.org/41/design/protocol/ and ConsumerProtocolSubscription.json

/** The assignment strategy, which all members of a group must share. */
export const strategy = 'murmur-sticky'
export const protocolType = 'consumer'
const version = 1

/** What a member says of itself when it joins. */
export interface Wish {
  readonly topics: readonly string[]
  readonly owned: readonly Place[]
}

export function encodeWish({ topics, owned }: Wish): Buffer {
  const writer = Writer.create().appendInt16(version)
  writer.appendArray([...topics], (w, topic) => w.appendString(topic, false), false, false)
  writer.appendBytes(null, false)
  return appendPlaces(writer, owned).buffer
}

export function decodeWish(metadata: Buffer): Wish {
  const reader = Reader.from(metadata)
  const found = reader.readInt16()
  const topics = reader.readArray((r) => r.readString(false), false, false)
  reader.readNullableBytes(false)
  return { topics, owned: found >= 1 ? readPlaces(reader) : [] }
}

export const encodeAssignment = (places: readonly Place[]): Buffer =>
  appendPlaces(Writer.create().appendInt16(version), places).appendBytes(null, false).buffer

export function decodeAssignment(bytes: Buffer): Place[] {
  if (bytes.length === 0) return []
  const reader = Reader.from(bytes)
  reader.readInt16()
  return readPlaces(reader)
}

const appendPlaces = (writer: Writer, places: readonly Place[]): Writer =>
  writer.appendArray(
    byTopic(places),
    (w, [topic, of]) => {
      w.appendString(topic, false)
      w.appendArray(of, (one, { partition }) => one.appendInt32(partition), false, false)
    },
    false,
    false,
  )

const readPlaces = (reader: Reader): Place[] =>
  reader
    .readArray(
      (r) => {
        const topic = r.readString(false)
        return r.readArray((one) => one.readInt32(), false, false).map((partition) => ({ topic, partition }))
      },
      false,
      false,
    )
    .flat()
