import type { Socket } from 'node:net'
import { JsonError } from '@hatstand/api/json.ts'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { App, Context } from '../context.ts'
import { DiskFullError, UnavailableError } from '../database/port.ts'
import { ApiError, errorBody, errors } from '../errors.ts'
import { appendRefused } from '../ledger/sums.ts'
import { plainPage, sendPage } from './page.ts'
import { invalidRequest } from './small-body.ts'

/** Answers every error, whoever raised it, in the one error shape; as `application/problem+json` when asked for. */
export function refusals(app: App, context?: Context): void {
  app.setErrorHandler(async (error, request, reply) => {
    if (context) await noteRefusal(error, request, context)
    return answerError(error, request, reply)
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] as string
    if (isPerson(request) && !path.startsWith('/api/')) return sendPage(reply, 404, nothingPage)
    throw new ApiError('route_unknown', `There is no ${request.method} ${path} here`)
  })
}

/** The ledger has a refusal before it is answered, but cannot keep it from being answered. */
async function noteRefusal(error: unknown, request: FastifyRequest, context: Context): Promise<void> {
  const refusal = refusalOf(error)
  if (refusal === undefined) return
  try {
    await appendRefused(request, context, refusal.code)
  } catch (worse) {
    logged(worse, request, 'a refusal is not in the ledger')
  }
}

/** Whether a person looks at the answer: browsers ask for HTML when they open a page or send a form, programs do not. */
export function isPerson(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/html') ?? false
}

const nothingPage = plainPage('Nothing here', 'There is no page at this address.')

export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = refusalFor(error, request)
  const { status, error: title } = errors[refusal.code]
  const body = errorBody(refusal.code, refusal.message, refusal.duplicates)
  reply.code(status).headers(refusal.headers)
  if (!request.headers.accept?.includes('application/problem+json'))
    return reply.type('application/json; charset=utf-8').send(body)
  const problem = { type: 'about:blank', title, status, detail: refusal.message, ...body }
  return reply.type('application/problem+json').send(JSON.stringify(problem))
}

/** The refusal an error becomes; what nobody foresaw is written to the log, and only there. */
export function refusalFor(error: unknown, request: FastifyRequest): ApiError {
  return refusalOf(error) ?? unforeseen(error, request)
}

/** What the caller may be told; undefined for what nobody foresaw. */
function refusalOf(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error
  if (error instanceof JsonError)
    return new ApiError(error.kind === 'depth' ? 'too_deep' : 'invalid_json', error.message)
  if (error instanceof DiskFullError || (error as FastifyError).code === 'ENOSPC')
    return new ApiError('disk_full', 'The disk of the server is full; nothing was stored')
  // PostgreSQL keeps no NUL in a text, and is asked for none. Whatever a schema let through, it was the request's.
  if ((error as FastifyError).code === '22021')
    return new ApiError('request_malformed', 'A text of the request holds a NUL character')
  return frameworkRefusal(error as FastifyError)
}

function frameworkRefusal(error: FastifyError): ApiError | undefined {
  if (error.validation) return invalidRequest(error.validation)
  if (error.statusCode === 415)
    return new ApiError('content_type_unsupported', 'The body must have the content type application/json')
  if (error.statusCode === 413)
    return new ApiError('body_too_large', 'The body is larger than this route takes')
  if (error.code === 'FST_ERR_BAD_URL')
    return new ApiError('request_malformed', 'The path is not properly percent-encoded')
  if (error.code === 'FST_ERR_MAX_PARAM_LENGTH')
    return new ApiError('request_malformed', 'A part of the path is too long')
  if (error.code?.startsWith('FST_') && error.statusCode === 400)
    return new ApiError('request_malformed', error.message)
  return undefined
}

/** Outside it names the request alone. In the log stand its kind and place; details of the engines, which may hold data, do not. */
function unforeseen(error: unknown, request: FastifyRequest): ApiError {
  if (error instanceof UnavailableError) {
    logged(error.cause, request, error.message)
    return new ApiError('database_unavailable', 'The database does not answer')
  }
  logged(error, request, 'unexpected error')
  return new ApiError('internal', `Something unexpected happened; the log has it under request ${request.id}`)
}

function logged(error: unknown, request: FastifyRequest, words: string): void {
  const { name, message, code, stack } =
    error instanceof Error ? (error as FastifyError) : (new Error(String(error)) as FastifyError)
  request.log.error({ reqId: request.id, err: { type: name, message, engineCode: code, stack } }, words)
}

/** Answers what never became a request: bytes that are no HTTP, headers without end, a request that took too long. */
export function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy(error)
    return
  }
  const body = JSON.stringify(errorBody('request_malformed', malformedCause(error.code)))
  socket.end(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: application/json; charset=utf-8\r\naccess-control-allow-origin: *\r\n` +
      `connection: close\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

function malformedCause(code: string | undefined): string {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'The request was not complete in time'
  if (code === 'HPE_HEADER_OVERFLOW') return 'The headers of the request are larger than 16 KiB'
  return 'The request is not valid HTTP'
}
