import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { accountOf, hostOf } from '../auth/authenticate.ts'
import { cookieOf, sessionCookie, setCookie } from '../auth/cookies.ts'
import { isOwnHost, ownOrigins } from '../auth/hosts.ts'
import type { Account, App, Context } from '../context.ts'
import { ApiError, errors } from '../errors.ts'
import { answerError, isPerson, refusalFor } from '../http/errors.ts'
import { markup, type Markup, plainPage, sendPage } from '../http/page.ts'

export { isPerson }

const csrfCookie = 'hatstand_form'
/** The hidden field that shows that a form is ours. */
const csrfField = 'form_key'
const maxFormBytes = 16_384

/**
 * Opens a scope for pages: routes that people use in a browser. In it every route answers without an access token and to no other
 * web origin; a request is refused unless it was sent to the account's own Host, and a form unless this server gave it to this very
 * browser (`hidden`). Forms are read into `URLSearchParams`. People get errors as pages, programs the one error shape.
 */
export function pages(app: App, context: Context, routes: (scope: App) => void): void {
  void app.register(async (plugin) => {
    const scope = plugin as App
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: maxFormBytes },
      (_request, body, done) =>
        withNul(String(body)) ? done(nul()) : done(null, new URLSearchParams(String(body))),
    )
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, public: true, cors: false, page: true }
    })
    scope.addHook('onRequest', async (request) => checkHost(context, request))
    scope.addHook('preHandler', async (request) => checkForm(context, request))
    scope.setErrorHandler(answerPerson)
    routes(scope)
  })
}

/** No browser sends NUL, and no text of PostgreSQL holds it. */
const withNul = (form: string) => /%00|\0/.test(form)

const nul = () => new ApiError('request_malformed', 'The form holds a NUL character')

/** What the browser sent with a form; empty where there was none. */
export function formOf(request: FastifyRequest): URLSearchParams {
  return request.body instanceof URLSearchParams ? request.body : new URLSearchParams()
}

/**
 * The hidden fields of a form: what it must carry along, and the key without which it is refused. The key is bound to a cookie of this
 * browser and to its session: signing in or out makes older forms useless.
 */
export function hiddenFields(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  fields: Record<string, string> = {},
): Markup {
  const cookie = cookieFor(context, request, reply)
  return markup`${Object.entries({ ...fields, [csrfField]: keyOf(context, request, cookie) }).map(
    ([name, value]) => markup`<input type="hidden" name="${name}" value="${value}">\n`,
  )}`
}

/** The cookies of requests whose browser had none: all forms of a page share one. */
const given = new WeakMap<FastifyRequest, string>()

function cookieFor(context: Context, request: FastifyRequest, reply: FastifyReply): string {
  const known = given.get(request) ?? cookieOf(context, request, csrfCookie)
  if (known !== undefined && known.length >= 20) return known
  const made = randomBytes(24).toString('base64url')
  given.set(request, made)
  setCookie(context, request, reply, csrfCookie, made)
  return made
}

/** The account a page belongs to. @throws `account_unknown` (404): a local server with several accounts, reached by no name of theirs */
export function accountOfPage(request: FastifyRequest): Account {
  const account = request.account as Account | undefined
  if (account === undefined)
    throw new ApiError('account_unknown', 'No personal data account has this host name')
  return account
}

/** Sends the browser on, by GET. @param address a path of ours, or one that was checked to be registered */
export function sendOn(reply: FastifyReply, address: string) {
  return reply
    .code(303)
    .headers({ location: address, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    .send()
}

async function checkHost(context: Context, request: FastifyRequest): Promise<void> {
  const account = await accountOf(context, request).catch((error: unknown) => {
    if (error instanceof ApiError && error.code === 'account_unknown') return undefined
    throw error
  })
  if (account !== undefined) request.account = account
  if (!isOwnHost(context, hostOf(request), account))
    throw new ApiError('host_refused', 'Pages are given under the own host name of an account only')
}

async function checkForm(context: Context, request: FastifyRequest): Promise<void> {
  if (request.method === 'GET' || request.method === 'HEAD') return
  const { origin, 'sec-fetch-site': site } = request.headers
  const foreign =
    (origin !== undefined && !ownOrigins(context, request).includes(origin)) ||
    (site !== undefined && site !== 'same-origin' && site !== 'none')
  const cookie = cookieOf(context, request, csrfCookie)
  const key = formOf(request).get(csrfField) ?? ''
  if (foreign || cookie === undefined || !isSame(key, keyOf(context, request, cookie)))
    throw new ApiError(
      'form_refused',
      'The form does not come from a page this browser was given, or is out of date',
    )
}

function keyOf(context: Context, request: FastifyRequest, cookie: string): string {
  return createHmac('sha256', cookie)
    .update(cookieOf(context, request, sessionCookie) ?? '')
    .digest('base64url')
}

function isSame(one: string, other: string): boolean {
  const [mine, theirs] = [Buffer.from(one), Buffer.from(other)]
  return mine.length === theirs.length && timingSafeEqual(mine, theirs)
}

function answerPerson(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!isPerson(request)) return answerError(error, request, reply)
  const { code, message, headers } = refusalFor(error, request)
  reply.headers(headers)
  const [title, ...words] = wordsFor[code] ?? ['That did not work', `${message}.`]
  return sendPage(reply, errors[code].status, plainPage(title, ...words))
}

/** What a person is told instead of the sentence for programs. */
const wordsFor: Partial<Record<ApiError['code'], [title: string, ...words: string[]]>> = {
  account_unknown: ['Nothing here', 'There is no page at this address.'],
  body_too_large: ['That was too much', 'The form holds more than it can take. Go back and make it shorter.'],
  form_refused: [
    'Please send the form again',
    'This form is out of date, or did not come from a page of this server. Nothing was changed.',
    'Go back, load the page again, and send it from there. Your browser must accept cookies for that.',
  ],
  host_refused: ['Nothing here', 'There is no page at this address.'],
  too_many_attempts: ['Too many attempts', 'Wait a minute, then go back and try again.'],
}
