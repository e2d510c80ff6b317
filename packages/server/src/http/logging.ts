import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import type { App } from '../context.ts'

const secret = ['password', 'accessToken', 'username', 'authorization', '"x-auth-token"', 'code']

/** The log: one JSON line each, on standard output. It is given no data, token, name, address or URL; what slips in is struck out. */
export function loggerOptions(config: Config) {
  const redacted = secret.flatMap((name) => [key('', name), key('*', name), key('*.headers', name)])
  return { level: config.logLevel, redact: redacted }
}

function key(parent: string, name: string): string {
  if (name.startsWith('"')) return `${parent}[${name}]`
  return parent === '' ? name : `${parent}.${name}`
}

/** Ids that tell requests apart across processes: the process's own beginning, and a count. */
export function requestIds(): () => string {
  const process = randomBytes(4).toString('hex')
  let count = 0
  return () => `${process}-${(++count).toString(36)}`
}

/** From the level `debug` on, a line for each request, with the route's pattern in place of the URL. */
export function logRequests(app: App, config: Config): void {
  if (config.logLevel !== 'debug' && config.logLevel !== 'trace') return
  app.addHook('onResponse', async (request: FastifyRequest, reply: FastifyReply) => {
    const { method, routeOptions } = request
    const milliseconds = Math.round(reply.elapsedTime * 10) / 10
    const { url: route } = routeOptions
    const status = reply.statusCode
    request.log.debug({ reqId: request.id, method, route, status, milliseconds }, 'answered')
  })
}
