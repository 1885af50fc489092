import { Hono } from 'hono'
import { z } from 'zod'
import { milliseconds } from '../duration.ts'
import { type Cursor, formatCursor, parseCursor } from './cursor.ts'
import type { Gateway } from './gateway.ts'
import type { Page } from './history.ts'
import { fields, validated } from './validate.ts'

const maxWaitMs = 30_000
const hour = 3_600_000

const wait = z.string().transform((text, context) => {
  try {
    return Math.min(milliseconds(text), maxWaitMs)
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message, params: { remedy: 'such as 10s' } })
    return z.NEVER
  }
})

const parameters = fields({
  conversation: z.string().min(1).max(256),
  after: z.string().optional(),
  wait: wait.default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

/**
 * GET /v1/replies?conversation=…&after=cursor&wait=10s&limit=100: the conversation's replies after the cursor,
 * oldest first, the cursor to go on with, and whether there may be more behind it already. Without a cursor: those of the last hour. Where there is none
 * yet, it waits for one up to `wait` (at most 30 s).
 */
export const replyRoutes = (gateway: Gateway): Hono =>
  new Hono().get('/v1/replies', async (c) => {
    const { replies, history, meters, now } = gateway
    const { conversation, after, wait, limit } = validated(parameters, c.req.query())
    const from =
      after === undefined
        ? await history.since(replies.partition(conversation), now() - hour)
        : parseCursor(after, replies.partition(conversation))
    const page = await nextPage(gateway, { conversation, from, limit, wait }, c.req.raw.signal)
    meters.sent(page.deliveries.length)
    if (page.waited) for (const { reply } of page.deliveries) meters.answered(reply.inReplyTo, now())
    return c.json({
      replies: page.deliveries.map(({ reply }) => reply),
      cursor: formatCursor(page.next),
      more: page.more,
    })
  })

interface Request {
  readonly conversation: string
  readonly from: Cursor
  readonly limit: number
  readonly wait: number
}

async function nextPage(
  { replies, history }: Gateway,
  request: Request,
  signal: AbortSignal,
): Promise<Page & { readonly waited: boolean }> {
  const { conversation, from, limit, wait } = request
  const until = performance.now() + wait
  let page = await history.page(conversation, from, limit)
  const waited = page.deliveries.length === 0
  while (page.deliveries.length === 0) {
    const left = until - performance.now()
    if (left <= 0 || signal.aborted || replies.released) break
    // where the tail is already past the page's end, the reply may be there: look before waiting
    if (replies.end(conversation).offset <= page.next.offset)
      await replies.arrival(conversation, left, signal)
    page = await history.page(conversation, page.next, limit)
  }
  return { ...page, waited }
}
