import { type Context, Hono } from 'hono'
import { routePath } from 'hono/route'
import { GatewayError, problemOf } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { healthRoutes, type Vitals } from './health.ts'
import { checkOrigin } from './origin.ts'
import { queryRoutes } from './query.ts'
import { replyRoutes } from './replies.ts'
import { utteranceRoutes } from './utterances.ts'

/**
 * The gateway over HTTP. Every failure is `{error: {code, message, field?, value?, remedy?}}`.
 * @param bound the address that it listens on: loopback keeps foreign hosts out
 */
export function createApp(gateway: Gateway, bound = '127.0.0.1'): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    const path = routePath(c, -1)
    gateway.meters.request(path === '/*' ? 'none' : path, c.res.status)
  })
  guard(app, bound)
  app.route('/', utteranceRoutes(gateway))
  app.route('/', replyRoutes(gateway))
  app.route('/', queryRoutes(gateway))
  app.route('/', healthRoutes(gateway))
  if (gateway.registryRoutes) app.route('/registry', gateway.registryRoutes)
  return finished(app)
}

/** Health and metrics alone, for a process without a gateway. */
export function createHealthApp(vitals: Vitals, bound = '127.0.0.1'): Hono {
  const app = new Hono()
  guard(app, bound)
  app.route('/', healthRoutes(vitals))
  return finished(app)
}

function guard(app: Hono, bound: string): void {
  app.use((c, next) => {
    checkOrigin(bound, c.req.header('host') ?? new URL(c.req.url).host, c.req.header('origin'))
    return next()
  })
}

/** Answers what goes wrong; to be called when the app has all of its routes. */
function finished(app: Hono): Hono {
  const paths = [...new Set(app.routes.filter(({ method }) => method !== 'ALL').map(({ path }) => path))]
  const unknown = new GatewayError(404, 'UNKNOWN_ROUTE', 'there is nothing at this path', {
    remedy: `the paths are ${paths.join(', ')}${paths.includes('/v1/utterances') ? ', and /v1/ws for a WebSocket' : ''}`,
  })
  app.notFound((c) => answer(c, unknown))
  app.onError((error, c) => answer(c, error))
  return app
}

function answer(c: Context, error: unknown): Response {
  const { status, problem } = problemOf(error)
  if (status === 503) c.header('retry-after', '1')
  return c.json({ error: problem }, status)
}
