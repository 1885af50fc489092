import { appendFileSync, writeFileSync } from 'node:fs'
import { randomFrom } from '../../language/random.ts'

/** An utterance of the input, as a line of the JSONL file that is ingested. */
export interface Line {
  readonly id: string
  readonly conversation: string
  readonly channel: string
  readonly text: string
  readonly occurredAt: number
}

const share = { chat: 0.1 }
/** When the first utterance was said. All follow within minutes, so that no session expires. */
export const begin = Date.UTC(2026, 0, 1)

/**
 * Utterances with unique ids in conversations that come and go. Most stand on the channel `import`, which no
 * plugin answers, so that their contexts are known; some on `chat`, each of which is answered.
 */
export function* utterances(seed: number, conversations: number): Generator<Line, never> {
  const random = randomFrom(seed)
  for (let index = 0; ; index++) {
    const chat = random() < share.chat
    const number = Math.floor(random() * conversations)
    yield {
      id: `u${index}`,
      conversation: `${chat ? 'chat' : 'import'}-${number}`,
      channel: chat ? 'chat' : 'import',
      text: chat ? 'Where is my order? It has not arrived.' : `note ${index}`,
      occurredAt: begin + index,
    }
  }
}

/** The first so many of them. */
export function makeInput(count: number, seed: number): Line[] {
  const all = utterances(seed, Math.max(10, Math.floor(count / 20)))
  return Array.from({ length: count }, () => all.next().value)
}

/** One more utterance for every conversation: its turn and its history tell what the session has kept. */
export function makeFarewells(input: readonly Line[]): Line[] {
  const last = new Map(input.map((line) => [line.conversation, line]))
  return [...last.values()].map((line, index) => ({
    ...line,
    id: `farewell-${index}`,
    text: line.channel === 'chat' ? line.text : `farewell ${index}`,
    occurredAt: begin + input.length + index,
  }))
}

export const writeInput = (file: string, lines: readonly Line[]): void => writeFileSync(file, textOf(lines))

const textOf = (lines: readonly Line[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('')

const writeEveryMs = 50

/** A file that grows by so many utterances a second until it is told to stop. */
export class GrowingFile {
  readonly lines: Line[] = []
  readonly #timer: NodeJS.Timeout

  constructor(
    readonly path: string,
    source: Iterator<Line>,
    perSecond: number,
  ) {
    writeFileSync(path, '')
    const begun = performance.now()
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - begun) / 1000) * perSecond) - this.lines.length
      const more = Array.from({ length: due }, () => source.next().value as Line)
      appendFileSync(path, textOf(more))
      this.lines.push(...more)
    }, writeEveryMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
