import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomFrom } from '../language/random.ts'
import { packageRoot } from '../schemas/root.ts'

/** An utterance of a bench, as a line of JSONL. */
export interface Line {
  readonly id: string
  readonly conversation: string
  readonly user: string
  readonly channel: string
  readonly text: string
  readonly occurredAt: number
}

/**
 * Which channels the utterances come from. `posts`: reviews and social media, which nobody answers. `chats`: chat,
 * web and voice, where the FAQ plugin answers most, and each answer is one more utterance and a reply. `feed`:
 * both, in the shares of the bundled feed.
 */
export type Mix = 'posts' | 'chats' | 'feed'

interface Said {
  readonly conversation: string
  readonly channel: string
  readonly text: string
}

/** One conversation under way: it takes channel and turns from one of the feed's. */
interface Thread {
  readonly name: string
  readonly channel: string
  readonly texts: readonly string[]
  readonly chinese: boolean
  readonly turns: number
  turn: number
}

const isPost = ({ channel }: Said): boolean => channel === 'social' || channel === 'review'
const isChinese = (text: string): boolean => /\p{Script=Han}/u.test(text)

/**
 * Utterances without end: `active` conversations side by side, each of 4 to 12 turns, then a new one in its place.
 * A text is one of the bundled feed's, every other time with a second one, every fifth time with an order number.
 * @param occurredAt of an utterance by its number, in milliseconds since the epoch
 */
export function* utterances(
  mix: Mix,
  occurredAt: (number: number) => number,
  { seed = 1, active = 500 } = {},
): Generator<Line, never> {
  const random = randomFrom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const said = feed().filter((one) => mix === 'feed' || isPost(one) === (mix === 'posts'))
  const texts = said.map(({ text }) => text)
  const byLanguage = { true: texts.filter(isChinese), false: texts.filter((text) => !isChinese(text)) }
  let begun = 0
  const begin = (): Thread => {
    const { conversation, channel, text } = pick(said)
    const of = said.filter((one) => one.conversation === conversation).map((one) => one.text)
    const turns = 4 + Math.floor(random() * 9)
    return { name: `c${seed}-${begun++}`, channel, texts: of, chinese: isChinese(text), turns, turn: 0 }
  }
  const threads = Array.from({ length: active }, begin)

  const speak = ({ texts, chinese, turn }: Thread): string => {
    const others = byLanguage[`${chinese}`]
    const first = texts[turn] ?? pick(others)
    const second = random() < 0.5 ? ` ${pick(others)}` : ''
    const order = 10_000 + Math.floor(random() * 90_000)
    return `${first}${second}${random() < 0.2 ? (chinese ? ` 订单号${order}` : ` My order is ${order}.`) : ''}`
  }

  for (let number = 0; ; number++) {
    const at = Math.floor(random() * active)
    const thread = threads[at] as Thread
    const { name: conversation, channel } = thread
    const text = speak(thread)
    yield {
      id: `${seed}-${number}`,
      conversation,
      user: `user of ${conversation}`,
      channel,
      text,
      occurredAt: occurredAt(number),
    }
    if (++thread.turn === thread.turns) threads[at] = begin()
  }
}

/** Writes so many utterances as JSONL; they happened 25 µs apart, the last of them just now. */
export function writeUtterances(file: string, count: number, mix: Mix, seed = 1): void {
  const last = Date.now()
  const lines = utterances(mix, (number) => Math.floor(last - (count - number) / 40), { seed })
  writeFileSync(file, '')
  for (let done = 0; done < count; done += 10_000) {
    const part = Array.from({ length: Math.min(10_000, count - done) }, () =>
      JSON.stringify(lines.next().value),
    )
    writeFileSync(file, `${part.join('\n')}\n`, { flag: 'a' })
  }
}

const feed = (): Said[] =>
  readFileSync(join(packageRoot(), 'examples', 'feed.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Said)
