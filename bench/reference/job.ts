import { each, jsonTopic, keyed, type Processor, partitioned } from 'murmur/streams'

/** What somebody said, as the input topic has it. */
interface Said {
  readonly id: number
  readonly cid: string
  readonly ts: number
  readonly text: string
}

interface Classified extends Said {
  readonly intent: string
}

/** With the last texts of the conversation, its own included, oldest first. */
interface Processed extends Classified {
  readonly ctx: readonly string[]
}

/** What a partition has counted and not told yet. */
interface Counting {
  /** The start of its newest window. */
  readonly newest: number
  /** By window and intent; what comes late counts in its own window. */
  readonly counts: Readonly<Record<string, number>>
}

export interface JobTopics {
  readonly input: string
  /** One record an utterance that says something. */
  readonly output: string
  /** When a partition's window closes, its count of each intent, keyed by intent. */
  readonly counts: string
}

const windowMs = 10_000
const remembered = 5

/** The first word that a text holds gives its intent. */
const keywords = [
  ['cancel', 'cancel'],
  ['refund', 'refund'],
  ['invoice', 'billing'],
  ['charged', 'billing'],
  ['password', 'login'],
  ['broken', 'fault'],
  ['thank', 'praise'],
  ['deliver', 'delivery'],
] as const

/** The reference job that this project and others of its kind are measured by: one processor of four stages. */
export function referenceJob(name: string, topics: JobTopics): Processor {
  const utterances = jsonTopic<Said>(topics.input)
  const cleaned = jsonTopic<Said>('cleaned')
  const classified = jsonTopic<Classified>('classified')
  const processed = jsonTopic<Processed>(topics.output)
  const counts = jsonTopic<number>(topics.counts)

  const clean = each({ name: 'clean', from: utterances, to: cleaned }, (message) => {
    const { id, cid, ts } = message.value
    const text = message.value.text.normalize('NFKC').replace(/\s+/g, ' ').trim().toLowerCase()
    return text === '' ? [] : [message.as({ id, cid, ts, text })]
  })

  const classify = each({ name: 'classify', from: cleaned, to: classified }, (message) => {
    const { id, cid, ts, text } = message.value
    const found = keywords.find(([word]) => text.includes(word))
    return [message.as({ id, cid, ts, text, intent: found?.[1] ?? 'other' })]
  })

  const context = keyed(
    {
      name: 'context',
      from: classified,
      to: processed,
      state: { initial: (): readonly string[] => [] },
    },
    (before, message) => {
      const { id, cid, ts, text, intent } = message.value
      const ctx = [...before, text].slice(-remembered)
      return [ctx, [message.as({ id, cid, ts, text, intent, ctx })]]
    },
  )

  const count = partitioned(
    {
      name: 'count',
      from: classified,
      to: counts,
      state: { initial: (): Counting => ({ newest: 0, counts: {} }) },
    },
    ({ newest, counts: before }, message) => {
      const { ts, intent } = message.value
      const start = ts - (ts % windowMs)
      const name = `${start} ${intent}`
      if (start <= newest) return [{ newest, counts: { ...before, [name]: (before[name] ?? 0) + 1 } }, []]
      const closed = Object.entries(before).map(([closing, times]) =>
        message.to(counts, times, closing.split(' ')[1]),
      )
      return [{ newest: start, counts: { [name]: 1 } }, closed]
    },
  )

  return { name, stages: [clean, classify, context, count] }
}
