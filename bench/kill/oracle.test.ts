import { expect, test } from 'vitest'
import type { Processed, Reply } from '../../schemas/generated/events.ts'
import { begin, type Line, makeFarewells, makeInput } from './input.ts'
import { judge, type Outcome, type Verdict } from './oracle.ts'

/** An oracle that can't find fault proves nothing. */
const lines = makeInput(2000, 7)
const input = [...lines, ...makeFarewells(lines)]

/** What must come out of the input, made without the product. */
function perfect(): { -readonly [K in keyof Outcome]: Outcome[K] } {
  const processed: Processed[] = []
  const replies: Reply[] = []
  const sessions = new Map<string, { turn: number; user: number; last: { text: string }[] }>()
  const say = (line: Line, role: 'user' | 'bot', attributes = {}) => {
    const session = sessions.get(line.conversation) ?? { turn: 0, user: 0, last: [] }
    sessions.set(line.conversation, session)
    session.turn++
    if (role === 'user') session.user++
    const history = [...session.last]
    processed.push({
      ...line,
      role,
      attributes,
      turn: session.turn,
      userTurns: session.user,
      history,
    } as never)
    session.last = [...session.last, { text: line.text }].slice(-5)
  }
  for (const line of input) {
    say(line, 'user')
    if (line.channel !== 'chat') continue
    replies.push({ id: `r-${line.id}`, inReplyTo: line.id } as never)
    say({ ...line, id: `b-${line.id}`, text: 'It is on its way.' }, 'bot', { inReplyTo: line.id })
  }
  const tables = { rows: [...processed], replyRows: [...replies], rollup: input.length, rollupGroupsWrong: 0 }
  return { processed, replies, ...tables, deadLetters: 0, transactions: 0 }
}

const faults = (verdict: Verdict) =>
  Object.entries(verdict).flatMap(([name, count]) => (count > 0 ? [name] : []))

const at = <T>(items: readonly T[], index: number, change: (item: T) => readonly T[]): T[] =>
  items.flatMap((item, i) => (i === index ? change(item) : [item]))

test('what comes out right is found right', () => {
  expect(faults(judge(input, perfect()))).toEqual([])
  expect(input.every(({ occurredAt }) => occurredAt - begin < 60_000)).toBe(true)
})

test.each<[string, (outcome: ReturnType<typeof perfect>) => void, string]>([
  ['a lost event', (o) => (o.processed = at(o.processed, 700, () => [])), 'processed missing'],
  ['a doubled event', (o) => (o.processed = at(o.processed, 700, (one) => [one, one])), 'processed double'],
  [
    'an unknown event',
    (o) => (o.processed = at(o.processed, 5, (one) => [{ ...one, id: 'x' }])),
    'processed unknown',
  ],
  ['a lost reply', (o) => (o.replies = o.replies.slice(1)), 'replies missing'],
  [
    'a lost turn of the bot',
    (o) => (o.processed = o.processed.filter((one) => one !== bot(o))),
    'bot turns missing',
  ],
  ['a lost row', (o) => (o.rows = o.rows.slice(1)), 'rows missing'],
  ['a doubled row', (o) => (o.rows = at(o.rows, 9, (one) => [one, one])), 'rows double'],
  [
    'a row of another turn',
    (o) => (o.rows = at(o.rows, 9, (one) => [{ ...one, turn: one.turn + 1 }])),
    'wrong rows',
  ],
  ['a row that counts twice in the rollup', (o) => o.rollup++, 'rollup off by'],
  ['a rollup that the rows do not make', (o) => o.rollupGroupsWrong++, 'rollup groups wrong'],
  ['a refused utterance', (o) => o.deadLetters++, 'dead letters'],
  ['a transaction that nobody ended', (o) => o.transactions++, 'open transactions'],
  ['two turns that changed places', (o) => (o.processed = [...o.processed].reverse()), 'out of order'],
  [
    'a session that forgot a turn',
    (o) => {
      const index = o.processed.findIndex(({ channel, turn }) => channel === 'import' && turn > 2)
      o.processed = at(o.processed, index, (one) => [{ ...one, history: one.history.slice(1) }])
    },
    'wrong contexts',
  ],
  [
    'a session that counted a turn twice',
    (o) => (o.processed = o.processed.map((one) => (one === bot(o) ? { ...one, turn: one.turn + 1 } : one))),
    'wrong turns',
  ],
  [
    'an answer before its question',
    (o) => (o.processed = o.processed.map((one) => (one === bot(o) ? { ...one, turn: 0 } : one))),
    'answers before their questions',
  ],
])('%s is found', (_fault, spoil, name) => {
  const outcome = perfect()
  spoil(outcome)
  expect(faults(judge(input, outcome))).toContain(name)
})

const bot = ({ processed }: Outcome): Processed => processed.find(({ role }) => role === 'bot') as Processed
