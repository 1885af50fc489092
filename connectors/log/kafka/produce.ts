import { createAPI, produceV9, Writer } from '@platformatic/kafka'
import { settled } from '../../settled.ts'
import { placeName } from '../assign.ts'
import { keyStart, type Records, valueEnd } from '../records.ts'
import { type Author, type EncodedBatch, encodeBatch } from './batch/encode.ts'
import type { Cluster } from './cluster.ts'
import { isFault } from './faults.ts'
import type { KafkaSettings } from './options.ts'
import { byTopic } from './places.ts'

/** Bytes of one request; a broker takes 100 MiB unless told otherwise. */
const requestBytes = 32 << 20
const acksOfAll = -1
const messageTooLarge = 10
/** More than a batch of one record takes beside its key and value. */
const batchOverhead = 128

interface Part {
  readonly topic: string
  readonly partition: number
  readonly batch: Buffer
  /** Records in it. */
  readonly count: number
}

/** The client's own request, but for batches that are encoded already. */
const produceApi = createAPI<
  [transactionalId: string | null, timeoutMs: number, parts: readonly Part[]],
  produceV9.ProduceResponse
>(
  0,
  9,
  (transactionalId: string | null, timeoutMs: number, parts: readonly Part[]) => {
    const topics = byTopic(parts)
    return Writer.create()
      .appendString(transactionalId)
      .appendInt16(acksOfAll)
      .appendInt32(timeoutMs)
      .appendArray(topics, (writer, [topic, partitions]) => {
        writer.appendString(topic).appendArray(partitions, (one, { partition, batch }) => {
          one.appendInt32(partition)
          one.appendUnsignedVarInt(batch.length + 1).append(batch)
        })
      })
      .appendTaggedFields()
  },
  produceV9.parseResponse,
)

/** Records of one partition, in the order in which they are to stand in the log. */
interface Stream {
  readonly topic: string
  readonly partition: number
  readonly records: Records[]
  /** The place of the next record: which batch, and which of its records. */
  batch: number
  index: number
}

/** Writes as one author, in sequence. After a failure the sequences are unknown: the author must begin anew. */
export class Appender {
  readonly #sequences = new Map<string, number>()
  /** A topic turned out to take smaller batches than were sent: who tries again sends such. */
  shrunk = false

  /** @param id of the author's transactions, or of its writes where there are none */
  constructor(
    private readonly cluster: Cluster,
    private readonly author: Author,
    private readonly id: string,
  ) {}

  /**
   * Writes all batches, each cut into pieces that the broker takes, durably.
   * @throws KafkaFault; RECORD_TOO_LARGE
   */
  async append(batches: readonly Records[]): Promise<void> {
    const leaders = new Map<number, Stream[]>()
    for (const stream of streamsOf(batches)) {
      const leader = await this.cluster.leaderOf(stream)
      leaders.set(leader, [...(leaders.get(leader) ?? []), stream])
    }
    // One that fails leaves no other on the way: they would meet the sequences of the next try
    await settled([...leaders.values()].map((streams) => this.#write(streams)))
  }

  /** Writes to one leader, one request after the other, each with at most one batch a partition. */
  async #write(streams: readonly Stream[]): Promise<void> {
    for (let left = streams; left.length > 0; left = left.filter(hasMore)) {
      const parts: Part[] = []
      let bytes = 0
      for (const stream of left) {
        if (bytes > requestBytes) break
        const { bytes: batch, count } = this.#next(stream)
        parts.push({ topic: stream.topic, partition: stream.partition, batch, count })
        bytes += batch.length
      }
      await this.#send(parts)
    }
  }

  /** What failed may be repeated: the broker knows a sequence that it has. */
  async #send(parts: readonly Part[]): Promise<void> {
    let left = parts
    await this.cluster.patiently(async () => {
      const requests = await this.#byLeader(left)
      const answers = await Promise.allSettled(requests.map((request) => this.#request(request)))
      left = requests.filter((_, i) => answers[i]?.status === 'rejected').flat()
      for (const answer of answers) if (answer.status === 'rejected') throw answer.reason
    })
  }

  /** One request, but for partitions whose leaders have moved apart since they were put together. */
  async #byLeader(parts: readonly Part[]): Promise<Part[][]> {
    const leaders = new Map<number | undefined, Part[]>()
    for (const part of parts) {
      const leader = await this.cluster.leaderOf(part)
      const led = leaders.get(leader)
      if (led) led.push(part)
      else leaders.set(leader, [part])
    }
    return [...leaders.values()]
  }

  async #request(parts: readonly Part[]): Promise<void> {
    const { author, cluster, id } = this
    try {
      await cluster.once(
        { leader: parts[0] as Part },
        `write ${id}`,
        produceApi,
        author.transactional ? id : null,
        cluster.settings.requestTimeoutMs,
        parts,
      )
    } catch (cause) {
      for (const { topic } of parts) cluster.forgetLeaders(topic)
      if (isFault(cause, 'MESSAGE_TOO_LARGE'))
        this.#shrink(cause.response as produceV9.ProduceResponse, parts)
      throw cause
    }
  }

  /** A batch of one record can't shrink: it is the topic that must take more. */
  #shrink({ responses }: produceV9.ProduceResponse, parts: readonly Part[]): void {
    for (const { name, partitionResponses } of responses)
      for (const { index, errorCode } of partitionResponses) {
        const part = parts.find(({ topic, partition }) => topic === name && partition === index)
        if (errorCode !== messageTooLarge || !part || part.count === 1) continue
        this.cluster.batchBytes.set(name, Math.floor(part.batch.length / 2))
        this.shrunk = true
      }
  }

  /** A batch holds one record at least. */
  #limits(records: Records, index: number): Pick<KafkaSettings, 'maxMessageBytes' | 'compression'> {
    const { settings, batchBytes } = this.cluster
    const limit = batchBytes.get(records.topic)
    if (limit === undefined) return settings
    const least = valueEnd(records, index) - keyStart(records, index) + batchOverhead
    return { ...settings, maxMessageBytes: Math.min(settings.maxMessageBytes, Math.max(limit, least)) }
  }

  #next(stream: Stream): EncodedBatch {
    const name = placeName(stream)
    const sequence = this.#sequences.get(name) ?? 0
    const records = stream.records[stream.batch] as Records
    const encoded = encodeBatch(
      records,
      stream.index,
      sequence,
      this.author,
      this.#limits(records, stream.index),
    )
    this.#sequences.set(name, (sequence + encoded.count) % 2 ** 31)
    stream.index += encoded.count
    if (stream.index === records.count) {
      stream.batch++
      stream.index = 0
    }
    return encoded
  }
}

const hasMore = ({ batch, records }: Stream): boolean => batch < records.length

function streamsOf(batches: readonly Records[]): Iterable<Stream> {
  const streams = new Map<string, Stream>()
  for (const records of batches) {
    if (records.count === 0) continue
    const { topic, partition } = records
    const stream = streams.get(placeName(records))
    if (stream) stream.records.push(records)
    else streams.set(placeName(records), { topic, partition, records: [records], batch: 0, index: 0 })
  }
  return streams.values()
}
