import { Hono } from 'hono'
import { expectedBytes, jsonBody } from './body.ts'
import { GatewayError } from './errors.ts'
import type { Gateway } from './gateway.ts'

const maxItems = 1000

/**
 * POST /v1/utterances: one utterance, or an array of them. Answers 202 when the log has them durably; with a
 * faulty one among them none is taken. The header `Idempotency-Key` makes a repeat harmless.
 */
export const utteranceRoutes = ({ acceptance, inFlight, meters, limits }: Gateway): Hono =>
  new Hono().post('/v1/utterances', (c) =>
    inFlight.hold(expectedBytes(c, limits.bodyBytes), async () => {
      const body = await jsonBody(c, limits.bodyBytes)
      const items = Array.isArray(body) ? body : [body]
      if (items.length === 0 || items.length > maxItems)
        throw new GatewayError(
          items.length === 0 ? 422 : 413,
          'INVALID_COUNT',
          'this many can’t be sent at once',
          {
            value: String(items.length),
            remedy: `send 1 to ${maxItems} utterances in a request`,
          },
        )
      const prefix = Array.isArray(body) ? (index: number) => [index] : undefined
      const accepted = await acceptance.accept(items, c.req.header('idempotency-key'), prefix)
      meters.accepted(accepted.length)
      return c.json({ accepted }, 202)
    }),
  )
