import { type Health, readHealth, readVersion, type Version } from '@hatstand/api/health.ts'
import manifest from '../../package.json' with { type: 'json' }
import type { App, Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { answer } from '../store/health.ts'

/** A database that takes longer than this to say something counts as not answering. */
const patienceMs = 2000

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
  const timer = setTimeout(() => reject(new Error('too long')), patienceMs)
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
