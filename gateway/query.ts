import { Hono } from 'hono'
import { z } from 'zod'
import { jsonBody } from './body.ts'
import { GatewayError } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { fields, validated } from './validate.ts'

const maxSqlBytes = 256 << 10

/** POST /v1/query {sql, maxRows?}: one reading statement over the OLAP side, within limits. */
export const queryRoutes = ({ olap, limits }: Gateway): Hono => {
  const { query } = limits
  const request = fields({
    sql: z.string().min(1),
    maxRows: z.int().min(1).max(query.maxRows).default(query.maxRows),
  })
  return new Hono().post('/v1/query', async (c) => {
    const { sql, maxRows } = validated(request, await jsonBody(c, maxSqlBytes))
    if (!olap)
      throw new GatewayError(503, 'UNAVAILABLE', 'this pipeline runs without an OLAP side', {
        remedy: 'start it with the sink processor',
      })
    const started = performance.now()
    const { columns, rows } = await olap.query(sql, { ...query, maxRows })
    return c.json({ columns, rows, elapsedMs: Math.round(performance.now() - started) })
  })
}
