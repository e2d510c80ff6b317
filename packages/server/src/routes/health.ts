import { createHash, timingSafeEqual } from 'node:crypto'
import { type Health, readHealth, readVersion, type Version, readMetrics } from '@hatstand/api/health.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import manifest from '../../package.json' with { type: 'json' }
import { isLoopback } from '../auth/hosts.ts'
import type { App, Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { answer } from '../store/access/accounts.ts'

/** A database that takes longer than this to say something counts as not answering. */
const timeoutMs = 2000

/** `GET /healthz` and `GET /version`: for whoever runs the server, without a token. */
export function healthRoutes(app: App, { database }: Context): void {
  const config = { public: true } as const
  app.get(readHealth.path, { schema: readHealth, config }, async (_request, reply): Promise<Health> => {
    reply.header('cache-control', 'no-store')
    await inTime(database.read(answer))
    return { status: 'ok' }
  })
  app.get(readVersion.path, { schema: readVersion, config }, (): Version => ({ version: manifest.version }))
}

async function inTime(question: Promise<unknown>): Promise<void> {
  const { promise: tooLong, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('too long')), timeoutMs)
  try {
    await Promise.race([question, tooLong])
  } catch (error) {
    throw Object.assign(new ApiError('database_unavailable', 'The database does not answer'), {
      cause: error,
    })
  } finally {
    clearTimeout(timer)
  }
}

/** What counts requests once somebody wants the figures. */
interface Meter {
  registry: Registry
  observe: (request: FastifyRequest, reply: FastifyReply) => void
}

/**
 * `GET /metrics`, for Prometheus. Nothing is loaded or counted before the first scrape. Labels hold route patterns only.
 * Called before the API is registered below its prefixes, so that its routes are counted, too.
 */
export function metricsRoutes(app: App, context: Context): void {
  let meter: Promise<Meter> | undefined
  let observe: Meter['observe'] | undefined
  app.addHook('onResponse', async (request, reply) => observe?.(request, reply))
  app.get(
    readMetrics.path,
    { schema: readMetrics, config: { public: true, cors: false } },
    async (request, reply) => {
      if (!mayRead(request, context))
        throw new ApiError('forbidden', 'Metrics are for this machine, or for who has HATSTAND_METRICS_TOKEN')
      const { registry, ...counting } = await (meter ??= makeMeter(
        context.config.databaseUrl ? 'postgres' : 'sqlite',
      ))
      observe = counting.observe
      reply.header('cache-control', 'no-store').type(registry.contentType)
      return registry.metrics()
    },
  )
}

async function makeMeter(engine: string): Promise<Meter> {
  const { collectDefaultMetrics, Gauge, Histogram, Registry: Fresh } = (await import('prom-client')).default
  const registry = new Fresh()
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'hatstand_info',
    help: 'Always 1; says what runs.',
    labelNames: ['version', 'engine'],
    registers: [registry],
  }).set({ version: manifest.version, engine }, 1)
  const seconds = new Histogram({
    name: 'hatstand_http_request_seconds',
    help: 'Time to answer, in seconds, since the first scrape.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  })
  const observe: Meter['observe'] = (request, reply) =>
    seconds.observe(
      { method: request.method, route: request.routeOptions.url ?? 'unknown', status: reply.statusCode },
      reply.elapsedTime / 1000,
    )
  return { registry, observe }
}

/**
 * From this machine: by the socket's address, not passed on by a proxy that happens to run here, and not under a name that a web page
 * had pointed here (DNS rebinding).
 */
function mayRead(request: FastifyRequest, { config: { metricsToken: token, domain } }: Context): boolean {
  const presented = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
  if (token !== undefined && presented !== undefined) return same(presented, token)
  const { headers, socket } = request
  const passedOn = 'x-forwarded-for' in headers || 'forwarded' in headers || 'via' in headers
  // As the browser sent it: a page may well add an X-Forwarded-Host.
  const host = headers.host?.toLowerCase() ?? ''
  const named = isLoopback(host) || host === domain
  return !passedOn && named && /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(socket.remoteAddress ?? '')
}

function same(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
