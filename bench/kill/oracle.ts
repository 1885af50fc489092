import type { Processed, Reply } from '../../schemas/generated/events.ts'
import type { Line } from './input.ts'

/** What came out, as read back from the log and the tables. */
export interface Outcome {
  /** By partition after partition, in the order of the log. */
  readonly processed: readonly Processed[]
  readonly replies: readonly Reply[]
  readonly rows: readonly Row[]
  readonly replyRows: readonly { readonly id: string }[]
  /** Utterances that the rollup has counted. */
  readonly rollup: number
  /** Groups of the rollup that are not what the rows make. */
  readonly rollupGroupsWrong: number
  /** Nothing of the input can be refused. */
  readonly deadLetters: number
  /** Left open when every process had ended well. */
  readonly transactions: number
}

/** What a row of the table `processed` must have in common with its event. */
export type Row = Pick<Processed, 'id' | 'conversation' | 'turn' | 'userTurns' | 'text'>

export type Verdict = Readonly<Record<string, number>>

/** The turns that the context stage is configured to remember. */
const remembered = 5

/**
 * Compares what came out with what the input alone says must come out, and counts every difference. All zero: exact.
 */
export function judge(
  input: readonly Line[],
  { processed, replies, rows, replyRows, ...counts }: Outcome,
): Verdict {
  const spoken = processed.filter(({ role }) => role === 'user')
  const bots = processed.filter(({ role }) => role === 'bot')
  const wantsReply = input.filter(({ channel }) => channel === 'chat').map(({ id }) => id)
  const ids = input.map(({ id }) => id)
  return {
    ...differences(
      'processed',
      ids,
      spoken.map(({ id }) => id),
    ),
    ...differences(
      'replies',
      wantsReply,
      replies.map(({ inReplyTo }) => inReplyTo),
    ),
    ...differences(
      'bot turns',
      wantsReply,
      bots.map(({ attributes }) => attributes.inReplyTo ?? ''),
    ),
    ...differences(
      'rows',
      processed.map(({ id }) => id),
      rows.map(({ id }) => id),
    ),
    ...differences(
      'reply rows',
      replies.map(({ id }) => id),
      replyRows.map(({ id }) => id),
    ),
    'rollup off by': Math.abs(counts.rollup - input.length),
    'rollup groups wrong': counts.rollupGroupsWrong,
    'dead letters': counts.deadLetters,
    'open transactions': counts.transactions,
    'out of order': outOfOrder(input, spoken),
    'wrong contexts': wrongContexts(input, spoken),
    'wrong turns': wrongTurns(processed),
    'wrong rows': wrongRows(processed, rows),
    'answers before their questions': tooEarly(bots, spoken),
  }
}

function differences(what: string, wanted: readonly string[], found: readonly string[]): Verdict {
  const distinct = new Set(found)
  const known = new Set(wanted)
  return {
    [`${what} missing`]: wanted.filter((id) => !distinct.has(id)).length,
    [`${what} double`]: found.length - distinct.size,
    [`${what} unknown`]: [...distinct].filter((id) => !known.has(id)).length,
  }
}

function byConversation<T extends { readonly conversation: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(item.conversation)
    if (group) group.push(item)
    else groups.set(item.conversation, [item])
  }
  return groups
}

function outOfOrder(input: readonly Line[], spoken: readonly Processed[]): number {
  const found = byConversation(spoken)
  let wrong = 0
  for (const [conversation, lines] of byConversation(input)) {
    const order = found.get(conversation) ?? []
    for (const [index, { id }] of lines.entries()) if (order[index]?.id !== id) wrong++
  }
  return wrong
}

/** Where nobody answers, the whole context follows from the input: the number of the turn and what was said before. */
function wrongContexts(input: readonly Line[], spoken: readonly Processed[]): number {
  const found = new Map(spoken.map((utterance) => [utterance.id, utterance]))
  let wrong = 0
  for (const lines of byConversation(input.filter(({ channel }) => channel !== 'chat')).values()) {
    for (const [index, { id }] of lines.entries()) {
      const history = lines.slice(Math.max(0, index - remembered), index).map(({ text }) => text)
      const utterance = found.get(id)
      const same =
        utterance?.turn === index + 1 &&
        utterance.userTurns === index + 1 &&
        utterance.history.length === history.length &&
        utterance.history.every(({ text }, at) => text === history[at])
      if (!same) wrong++
    }
  }
  return wrong
}

/** Everywhere, answered or not, the turns of a conversation are numbered without gap or repetition. */
function wrongTurns(processed: readonly Processed[]): number {
  let wrong = 0
  for (const turns of byConversation(processed).values()) {
    for (const [index, { turn }] of turns.entries()) if (turn !== index + 1) wrong++
  }
  return wrong
}

function wrongRows(processed: readonly Processed[], rows: readonly Row[]): number {
  const found = new Map(rows.map((row) => [row.id, row]))
  const same = (row: Row, event: Processed) =>
    row.conversation === event.conversation &&
    row.turn === event.turn &&
    row.userTurns === event.userTurns &&
    row.text === event.text
  return processed.filter((event) => {
    const row = found.get(event.id)
    return row !== undefined && !same(row, event)
  }).length
}

/** The words of a bot come behind what they answer. */
function tooEarly(bots: readonly Processed[], spoken: readonly Processed[]): number {
  const turns = new Map(spoken.map(({ id, turn }) => [id, turn]))
  return bots.filter(({ attributes, turn }) => !((turns.get(attributes.inReplyTo ?? '') ?? 0) < turn)).length
}
